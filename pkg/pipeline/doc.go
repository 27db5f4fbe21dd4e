// Package pipeline runs a directed acyclic graph of content-addressed stages. It knows nothing of
// what the stages compute.
//
// The nouns, in the order in which a run meets them:
//
// A Node is one computation of the graph: a stage (the code that it runs), the parameters and the
// seed that it is handed, the outputs of other nodes that it reads (each under a role), and the
// names of the outputs that it makes. A Graph is a set of target nodes with everything that they
// read.
//
// An output is an Arrow record. Its object is the Parquet file in the store, named by the SHA-256
// of its bytes; its logical digest is a SHA-256 of its schema and values, whatever the encoding.
//
// The recipe of a node is everything that may decide its values: format version, stage name, code
// digest, parameters, seed and the logical digests of its inputs. The key is the SHA-256 of the
// recipe in canonical JSON. Paths, times, host names and thread counts are in no recipe. What
// decides the last bit of floating-point results (instruction set, device) is called numerics and
// stands beside the key: the same recipe may have results of several numerics, and a lookup prefers
// its own.
//
// The action record of a key lists the outputs that the recipe gave, with the recipe's parts and
// the provenance (times, toolchain, commit, memory). It is written last: a key without a sound
// record has not been run. Any defect, in the record or in an object that it names, is a miss: the
// node is run again.
//
// Because keys hold the logical digests of the inputs, not the keys of the nodes that made them, a
// node that is run again and gives equal values changes nothing downstream: that is the early
// cutoff.
//
// A pin keeps an expensive result usable when the code has moved on: a copy outside of the store
// that stands in for a node's result if every part of its key but the code digest is as it was. A
// remote is a store of somebody else, from which a run fetches what it would have to compute.
//
// A run lists the keys that it uses, so that garbage collection beside it takes nothing away
// (store.Use).
//
// A names record keeps, for each node of each named graph, the recipe that it had at its last run.
// Status and Why compare it with the present one to say in words what changed.
package pipeline
