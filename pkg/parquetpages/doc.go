// Package parquetpages foretells how much memory a Parquet file takes to read, before anything of
// it is decoded.
//
// A file of some kilobytes can ask for gigabytes in many ways: a footer or a page header whose
// lists claim to be long, a compressed page that is larger than its header says, runs of levels or
// of dictionary indices that are longer than the page has values. Decoders find that out when the
// memory is taken. Here CheckFooter passes over the footer, and Size over the headers of a column's
// pages and what the pages say of their own sizes; who reads the file afterwards takes no more than
// was foretold.
package parquetpages
