module github.com/2-coatl/cpython-prebuilt

go 1.25.0

require (
	github.com/cavaliergopher/grab/v3 v3.0.1
	github.com/hashicorp/go-version v1.9.0
	github.com/ulikunitz/xz v0.5.17
	golang.org/x/crypto v0.54.0
	golang.org/x/sys v0.47.0
)

require github.com/magefile/mage v1.17.2

require github.com/klauspost/compress v1.18.6

require github.com/tailscale/hujson v0.0.0-20250605163823-992244df8c5a

require github.com/aymanbagabas/go-udiff v0.4.1

tool github.com/magefile/mage
