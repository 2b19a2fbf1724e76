//go:build tools

// Package tools pins the program that tests call.
package tools

import _ "github.com/bojand/ghz/cmd/ghz"
