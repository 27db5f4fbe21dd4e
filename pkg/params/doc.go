// Package params reads YAML files of parameters strictly, and says what there is to say of each
// parameter from one declaration.
//
// A parameter has a key, such as loss.sigma_g, and a declaration: the tags of the struct field that
// its value goes to. The struct's package imports nothing for it.
//
//		SigmaX float64   `json:"sigma_x" unit:"m" range:"> 0" default:"0.05" doc:"spatial length scale (Table 1)"`
//		Init   string    `json:"init" range:"identity|pytorch" default:"identity" doc:"how weights are drawn"`
//		BoxesM []float64 `json:"boxes_m" unit:"m" range:"> 0" items:"[1, 4]" default:"[2, 3]" doc:"sides of the boxes"`
//
//	  - json is the key; with omitempty it may be left out. A struct is a section of keys, an embedded struct's
//	    keys are those of the struct around it, a map's keys are free names.
//	  - range is what values may be, each element of a list or map alike: a comparison with >, >=, < or <=, an
//	    interval such as [0, 1), a number, or some of these joined by "or"; pi and pi/2 are numbers. Of a string
//	    it is words with | between them. A type that several fields share may have its range in a method, Range()
//	    string, which a field's own tag overrules.
//	  - items is how many elements a list may have.
//	  - default is the usual value as YAML. A section's own, {within: 1}, goes before those of its keys.
//	  - unit and doc are for people.
//
// A Document is a file as it was read, or the defaults of all declarations. Merge lays one over
// another, as ReadProfile does with a file and its base; Set puts a value in the place of another,
// as --set does on the command line; Overlay lays a partial section over whole ones, as a variant
// does; Decode fills a struct: every key must be there once, no other key may be, and every value
// must have its type and lie in its range. A value keeps the place it came from through all of
// these, so an error is one line that names what must be mended: the file and line (or the --set),
// the key, what was found and what is allowed:
//
//	params/laptop.yaml:12: loss.sigma_g: found -0.4, must be greater than 0
//
// Check asks the same of a struct that no document filled. List and WriteYAML give the declarations
// to people, and Declared finds those that are malformed; one test that calls it keeps them from
// users.
package params
