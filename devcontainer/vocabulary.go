package devcontainer

// A property is what the specification says about one name in a
// devcontainer.json: schemas/devContainer.base.schema.json and
// docs/specs/devcontainerjson-reference.md of github.com/devcontainers/spec, and
// for what VS Code and Codespaces read besides, their own schemas.
type property struct {
	types   []string             // of JSON, and "integer"; empty is any
	enum    []string             // of a string
	items   *property            // of an array
	members map[string]*property // of an object; nil where its names are free
	values  *property            // of an object's members with free names
	only    form                 // the one form of file in which it means something
	instead string               // what to write instead of this deprecated name

	// lenient is set where tools take other scalars too, and turn them into text.
	lenient bool
}

// A form is what a container is made from.
type form string

const (
	withCompose    form = "a Docker Compose file"
	withoutCompose form = "an image or a Dockerfile"
)

func one(types ...string) *property     { return &property{types: types} }
func choice(values ...string) *property { return &property{types: []string{"string"}, enum: values} }
func listOf(item *property) *property   { return &property{types: []string{"array"}, items: item} }
func record(members map[string]*property) *property {
	return &property{types: []string{"object"}, members: members}
}
func mapOf(value *property) *property { return &property{types: []string{"object"}, values: value} }

func (p *property) in(only form) *property         { p.only = only; return p }
func (p *property) old(better string) *property    { p.instead = better; return p }
func (p *property) also(types ...string) *property { p.types = append(p.types, types...); return p }
func (p *property) leniently() *property           { p.lenient = true; return p }

func str() *property     { return one("string") }
func boolean() *property { return one("boolean") }
func integer() *property { return one("integer") }
func strs() *property    { return listOf(str()) }

// command is the three forms of a lifecycle command.
func command() *property {
	return &property{types: []string{"string", "array", "object"}, items: str(),
		values: &property{types: []string{"string", "array"}, items: str()}}
}

func portAttributes() *property {
	return record(map[string]*property{
		"label":            str(),
		"protocol":         choice("http", "https"),
		"onAutoForward":    choice("notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"),
		"requireLocalPort": boolean(),
		"elevateIfNeeded":  boolean(),
	})
}

// vocabulary returns the properties of the specification.
func vocabulary() *property {
	all := map[string]*property{}
	for _, group := range []map[string]*property{generalProperties(), formProperties(), oldProperties()} {
		for name, p := range group {
			all[name] = p
		}
	}
	for _, stage := range Stages() {
		all[string(stage)] = command()
	}
	return record(all)
}

// generalProperties are those of any form.
func generalProperties() map[string]*property {
	secret := record(map[string]*property{"description": str(), "documentationUrl": str()})
	mount := record(map[string]*property{"type": choice("bind", "volume", "tmpfs"), "source": str(), "target": str(), "external": boolean()})
	return map[string]*property{
		"$schema":                     str(),
		"name":                        str(),
		"features":                    mapOf(one("object", "string", "boolean")),
		"overrideFeatureInstallOrder": strs(),
		"secrets":                     mapOf(secret),
		"forwardPorts":                listOf(one("integer", "string")),
		"portsAttributes":             mapOf(portAttributes()),
		"otherPortsAttributes":        portAttributes(),
		"updateRemoteUserUID":         boolean(),
		"containerEnv":                mapOf(str().leniently()),
		"containerUser":               str(),
		"mounts":                      listOf(mount.also("string")),
		"init":                        boolean(),
		"privileged":                  boolean(),
		"capAdd":                      strs(),
		"securityOpt":                 strs(),
		"remoteEnv":                   mapOf(one("string", "null").leniently()),
		"remoteUser":                  str(),
		"waitFor":                     choice("initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand"),
		"userEnvProbe":                choice("none", "loginShell", "loginInteractiveShell", "interactiveShell"),
		"hostRequirements": record(map[string]*property{
			"cpus": integer(), "memory": str(), "storage": str(),
			"gpu": record(map[string]*property{"cores": integer(), "memory": str()}).also("boolean", "string"),
		}),
		"customizations":  mapOf(one("object")),
		"shutdownAction":  choice("none", "stopContainer", "stopCompose"),
		"overrideCommand": boolean(),
		"workspaceFolder": str(),
	}
}

// formProperties are those of one form.
func formProperties() map[string]*property {
	return map[string]*property{
		"image": str().in(withoutCompose),
		"build": record(map[string]*property{
			"dockerfile": str(), "context": str(), "target": str(),
			"args": mapOf(str().leniently()), "cacheFrom": one("string", "array"), "options": strs(),
		}).in(withoutCompose),
		"appPort":           (&property{types: []string{"integer", "string", "array"}, items: one("integer", "string")}).in(withoutCompose),
		"runArgs":           strs().in(withoutCompose),
		"workspaceMount":    str().in(withoutCompose),
		"dockerComposeFile": &property{types: []string{"string", "array"}, items: str()},
		"service":           str().in(withCompose),
		"runServices":       strs().in(withCompose),
	}
}

// oldProperties still work, and have a better place by now.
func oldProperties() map[string]*property {
	free := one("object")
	return map[string]*property{
		"dockerFile":     str().old("build.dockerfile"),
		"context":        str().old("build.context"),
		"extensions":     strs().old("customizations.vscode.extensions"),
		"settings":       free.old("customizations.vscode.settings"),
		"devPort":        integer().old("customizations.vscode.devPort"),
		"codespaces":     one("object").old("customizations.codespaces"),
		"userDataFolder": str().old("nothing: it has no effect"),
	}
}
