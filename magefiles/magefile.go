//go:build mage

// Compile CPython once, prove the artifact, publish it, install it everywhere.
//
// Every value is a flag (mage build -version=3.13.5); "mage -h build" lists
// the flags of a target.
package main

import (
	//mage:import
	_ "github.com/2-coatl/cpython-prebuilt/magefiles/targets"
)
