// Package params reads a YAML file of parameters strictly: every key that the
// program knows must be there once, no other key may be, and every value must
// have its type and lie in its range. An error is one line that names the
// file, the line, the key, what was found and what is allowed:
//
//	params/laptop.yaml:12: loss.sigma_g: found -0.4, must be greater than 0
//
// A Document is the file as it was read. Set puts a value in the place of
// another, as --set does on the command line; Overlay lays a partial section
// over whole ones, as a variant does; Decode fills a struct. A value keeps the
// place it came from through all of these, so an error always names the line
// (or the --set) that must be mended.
package params
