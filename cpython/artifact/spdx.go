package artifact

// The parts of an SPDX 2.3 document that are written here, in the names and the
// order of its JSON schema.
type (
	spdxDocument struct {
		SPDX          string             `json:"spdxVersion"`
		DataLicence   string             `json:"dataLicense"`
		ID            string             `json:"SPDXID"`
		Name          string             `json:"name"`
		Namespace     string             `json:"documentNamespace"`
		Creation      spdxCreation       `json:"creationInfo"`
		Extracted     []spdxExtracted    `json:"hasExtractedLicensingInfos,omitempty"`
		Packages      []*spdxPackage     `json:"packages"`
		Relationships []spdxRelationship `json:"relationships"`
	}
	spdxCreation struct {
		Created  string   `json:"created"`
		Creators []string `json:"creators"`
		Comment  string   `json:"comment,omitempty"`
	}
	spdxPackage struct {
		ID             string          `json:"SPDXID"`
		Name           string          `json:"name"`
		Version        string          `json:"versionInfo,omitempty"`
		FileName       string          `json:"packageFileName,omitempty"`
		Purpose        string          `json:"primaryPackagePurpose"`
		Supplier       string          `json:"supplier"`
		Originator     string          `json:"originator,omitempty"`
		Location       string          `json:"downloadLocation"`
		FilesAnalyzed  bool            `json:"filesAnalyzed"`
		Checksums      []spdxChecksum  `json:"checksums,omitempty"`
		SourceInfo     string          `json:"sourceInfo,omitempty"`
		Concluded      string          `json:"licenseConcluded"`
		Declared       string          `json:"licenseDeclared"`
		LicenceComment string          `json:"licenseComments,omitempty"`
		Copyright      string          `json:"copyrightText"`
		Comment        string          `json:"comment,omitempty"`
		References     []spdxReference `json:"externalRefs,omitempty"`
	}
	spdxChecksum struct {
		Algorithm string `json:"algorithm"`
		Value     string `json:"checksumValue"`
	}
	spdxReference struct {
		Category string `json:"referenceCategory"`
		Type     string `json:"referenceType"`
		Locator  string `json:"referenceLocator"`
	}
	spdxRelationship struct {
		From string `json:"spdxElementId"`
		Kind string `json:"relationshipType"`
		To   string `json:"relatedSpdxElement"`
	}
	spdxExtracted struct {
		ID   string `json:"licenseId"`
		Text string `json:"extractedText"`
		Name string `json:"name"`
	}
)

const documentID = "SPDXRef-DOCUMENT"

func sha256Checksum(digest string) []spdxChecksum { return []spdxChecksum{{"SHA256", digest}} }

func purlReference(purl string) spdxReference {
	return spdxReference{"PACKAGE-MANAGER", "purl", purl}
}
