package devcontainer_test

import (
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

func ExampleParse() {
	f, err := devcontainer.Parse("devcontainer.json", []byte(`{
    "name": "service", // shown in the title bar
    // Pinned by hand.
    "image": "debian:12",
}
`))
	if err != nil {
		log.Fatal(err)
	}
	if err := f.Set("/image", "debian:13"); err != nil {
		log.Fatal(err)
	}
	if err := f.Set("/features/ghcr.io~1devcontainers~1features~1node:1", devcontainer.Ordered{
		{Name: "version", Value: "22"}, {Name: "nvmVersion", Value: "none"},
	}); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", f.Bytes())
	// Output:
	// {
	//     "name": "service", // shown in the title bar
	//     // Pinned by hand.
	//     "image": "debian:13",
	//     "features": {
	//         "ghcr.io/devcontainers/features/node:1": {
	//             "version": "22",
	//             "nvmVersion": "none"
	//         }
	//     },
	// }
}

func ExampleLoad() {
	folder, err := os.MkdirTemp("", "")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	if err := os.WriteFile(filepath.Join(folder, ".devcontainer.json"), []byte(`{ "forwardPorts": [3000] }`), 0o644); err != nil {
		log.Fatal(err)
	}

	path, err := devcontainer.Find(folder)
	if err != nil {
		log.Fatal(err)
	}
	f, err := devcontainer.Load(path)
	if err != nil {
		log.Fatal(err)
	}
	if err := f.Set("/forwardPorts/-", 5432); err != nil {
		log.Fatal(err)
	}
	if err := f.Save(); err != nil {
		log.Fatal(err)
	}
	text, err := os.ReadFile(path)
	fmt.Println(string(text), err)
	// Output: { "forwardPorts": [3000, 5432] } <nil>
}

func ExampleFile_Get() {
	f, err := devcontainer.Parse("devcontainer.json", []byte(`{ "forwardPorts": [3000, /* database */ 5432] }`))
	if err != nil {
		log.Fatal(err)
	}
	var ports []int
	found, err := f.Get("/forwardPorts", &ports)
	fmt.Println(ports, found, err)

	_, err = f.Get("/forwardPorts/1", new(string))
	var where *devcontainer.PointerError
	if errors.As(err, &where) {
		fmt.Println(where.Line, where.Column, where.Pointer)
	}
	// Output:
	// [3000 5432] true <nil>
	// 1 41 /forwardPorts/1
}

func ExampleFile_Remove() {
	f, err := devcontainer.Parse("devcontainer.json", []byte(`{
  // The image that CI uses, too.
  "image": "debian:12", // pinned
  // Who we are.
  "remoteUser": "vscode" // not root
}
`))
	if err != nil {
		log.Fatal(err)
	}
	removed, err := f.Remove("/remoteUser")
	fmt.Println(removed, err)
	fmt.Printf("%s", f.Bytes())
	// Output:
	// true <nil>
	// {
	//   // The image that CI uses, too.
	//   "image": "debian:12" // pinned
	// }
}

func ExampleFile_Move() {
	f, err := devcontainer.Parse("devcontainer.json", []byte(`{
  "image": "debian:12",
  "name": "service" // shown in the title bar
}
`))
	if err != nil {
		log.Fatal(err)
	}
	if err := f.Move("/name", 0); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", f.Bytes())
	// Output:
	// {
	//   "name": "service", // shown in the title bar
	//   "image": "debian:12"
	// }
}

func ExampleFile_Position() {
	_, err := devcontainer.Parse("devcontainer.json", []byte("{\n  \"name\": service\n}"))
	fmt.Println(err)

	f, err := devcontainer.Parse("devcontainer.json", []byte("{\n  \"name\": \"service\"\n}"))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Position("/name"))
	// Output:
	// devcontainer.json:2:11: invalid literal "service"
	// 2 11 true
}
