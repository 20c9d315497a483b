package devcontainer_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/devcontainer"
)

// read makes a file of a text, where an example needs no file on disk.
func read(text string) *devcontainer.File {
	f, err := devcontainer.Parse(".devcontainer/devcontainer.json", []byte(text))
	if err != nil {
		log.Fatal(err)
	}
	return f
}

// Give a Feature an option. What else it has stays, and so do the comments.
func ExampleFile_SetFeature() {
	f := read(`{
  "features": {
    // git of the distribution is too old
    "ghcr.io/devcontainers/features/git:1": {
      "version": "latest" // not "os-provided"
    }
  }
}`)
	if err := f.SetFeature("ghcr.io/devcontainers/features/git", devcontainer.Options{"ppa": false}); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", f.Bytes())
	// Output:
	// {
	//   "features": {
	//     // git of the distribution is too old
	//     "ghcr.io/devcontainers/features/git:1": {
	//       "version": "latest", // not "os-provided"
	//       "ppa": false
	//     }
	//   }
	// }
}

// Find a Feature whatever its version is.
func ExampleFile_Feature() {
	f := read(`{ "features": { "ghcr.io/devcontainers/features/node:1": "20" } }`)
	feature, err := f.Feature("ghcr.io/devcontainers/features/node")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(feature.ID, feature.Options["version"])
	// Output: ghcr.io/devcontainers/features/node:1 20
}

// Take another version of a Feature, and install it first.
func ExampleFile_RenameFeature() {
	f := read(`{ "features": { "./tool": {}, "ghcr.io/devcontainers/features/git:1": { "ppa": false } } }`)
	if err := f.RenameFeature("ghcr.io/devcontainers/features/git", "ghcr.io/devcontainers/features/git:2"); err != nil {
		log.Fatal(err)
	}
	if err := f.MoveFeature("ghcr.io/devcontainers/features/git", 0); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", f.Bytes())
	// Output: { "features": { "ghcr.io/devcontainers/features/git:2": { "ppa": false }, "./tool": {} } }
}

// Add a step to a stage of the container's life.
func ExampleFile_Append() {
	f := read(`{ "postCreateCommand": "cd web && npm install" }`)
	if err := f.Append(devcontainer.PostCreate, devcontainer.Command{Args: []string{"pip", "install", "-e", "."}}); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", f.Bytes())

	// The commands of an object run at the same time: nothing can follow them.
	parallel := read(`{ "postCreateCommand": { "web": "npm install" } }`)
	fmt.Println(parallel.Append(devcontainer.PostCreate, devcontainer.Command{Shell: "make"}))
	// Output:
	// { "postCreateCommand": "(cd web && npm install) && pip install -e ." }
	// postCreateCommand: its commands run at the same time, and none can run after them: append it with a name (Parallel), or to a later stage
}

// Run several commands at the same time.
func ExampleFile_SetLifecycle() {
	f := read(`{}`)
	err := f.SetLifecycle(devcontainer.PostStart, devcontainer.Command{Parallel: []devcontainer.NamedCommand{
		{Name: "database", Command: devcontainer.Command{Shell: "pg_ctl start"}},
		{Name: "worker", Command: devcontainer.Command{Args: []string{"python", "-m", "worker"}}},
	}})
	if err != nil {
		log.Fatal(err)
	}
	command, err := f.Lifecycle(devcontainer.PostStart)
	if err != nil {
		log.Fatal(err)
	}
	for _, named := range command.Parallel {
		fmt.Println(named.Name, named.Command.Shell, named.Command.Args)
	}
	// Output:
	// database pg_ctl start []
	// worker  [python -m worker]
}

// Switch from the artifact in the workspace to the published one: the lines
// change places.
func ExampleFile_UseRelease() {
	f := read(`{
  "features": {
    "./cpython/installer": {
      // offline:
      "artifactUrl": "/workspaces/app/dist/cpython-3.12.6-debian12-build1.tgz",
      // published:
      // "artifactUrl": "https://github.com/acme/python/releases/download/cpython-3.12.6-build1/cpython-3.12.6-debian12-build1.tgz",
      "installPrefix": "/opt/python"
    }
  }
}`)
	ref, err := cpython.ParseRef("cpython-3.12.6-debian12-build1")
	if err != nil {
		log.Fatal(err)
	}
	if err := f.UseRelease("acme", "python", ref); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", f.Bytes())
	// Output:
	// {
	//   "features": {
	//     "./cpython/installer": {
	//       // offline:
	//       // "artifactUrl": "/workspaces/app/dist/cpython-3.12.6-debian12-build1.tgz",
	//       // published:
	//       "artifactUrl": "https://github.com/acme/python/releases/download/cpython-3.12.6-build1/cpython-3.12.6-debian12-build1.tgz",
	//       "installPrefix": "/opt/python",
	//       "checksumUrl": "https://github.com/acme/python/releases/download/cpython-3.12.6-build1/cpython-3.12.6-debian12-build1.tgz.sha256"
	//     }
	//   }
	// }
}

// Take the artifact that lies in the workspace.
func ExampleFile_UseLocal() {
	f := read(`{ "features": { "./cpython/installer": {} } }`)
	if err := f.UseLocal("artifacts/cpython-3.12.6-debian12-build1.tgz"); err != nil {
		log.Fatal(err)
	}
	feature, err := f.Feature("./cpython/installer")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(feature.Options["artifactUrl"])
	// Output: /workspaces/${localWorkspaceFolderBasename}/artifacts/cpython-3.12.6-debian12-build1.tgz
}

// Find what a rebuild would only find minutes later.
func ExampleFile_Check() {
	f := read(`{
  "image": "debian:12",
  "forwardPort": [3000],
  "remoteUser": true
}`)
	for _, finding := range f.Check(devcontainer.CheckSettings{TextOnly: true}).Findings {
		if finding.Status != cpython.Pass && finding.Status != cpython.Skip {
			fmt.Println(finding.Status, finding.Subject, finding.Message, "->", finding.Wanted)
		}
	}
	// Output:
	// warn .devcontainer/devcontainer.json:3:3 the specification has no property "forwardPort" here -> forwardPorts
	// fail .devcontainer/devcontainer.json:4:3 "remoteUser" has the wrong type -> string
}

// See what a value is on this host.
func ExampleResolve() {
	fmt.Println(devcontainer.Resolve("${localEnv:HOME}/.ssh in ${localWorkspaceFolderBasename}, ${localEnv:EDITOR:vi}, $HOME", devcontainer.Variables{
		LocalEnv:             map[string]string{"HOME": "/home/me"},
		LocalWorkspaceFolder: "/src/app",
	}))
	// Output: /home/me/.ssh in app, vi, $HOME
}

// Check the host before anything is built, as initializeCommand should.
func ExampleHostCheck() {
	report := devcontainer.HostCheck(context.Background(), devcontainer.HostOptions{Fix: true})
	if err := report.WriteText(os.Stdout); err != nil {
		log.Fatal(err)
	}
	if !report.OK() {
		os.Exit(1)
	}
}

// Set properties by name, with types.
func ExampleFile_AddForwardPort() {
	f := read(`{ "image": "debian:12", "forwardPorts": [3000] }`)
	if err := f.AddForwardPort(devcontainer.Port{Host: "db", Number: 5432}); err != nil {
		log.Fatal(err)
	}
	if err := f.SetImage("debian:13"); err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s\n", f.Bytes())
	// Output: { "image": "debian:13", "forwardPorts": [3000, "db:5432"] }
}
