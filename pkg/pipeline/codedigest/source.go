package codedigest

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"go/build/constraint"
	"go/scanner"
	"go/token"
	"hash"
	"io"
	"path"
	"reflect"
	"strconv"
	"strings"
)

// source is one file as the digest sees it.
type source struct {
	digest  string
	imports []string // import paths
	embeds  []string // go:embed patterns
	ignored bool     // //go:build ignore: a generator, part of no package
}

func digestSource(name string, data []byte) (source, error) {
	switch path.Ext(name) {
	case ".go":
		return digestGo(name, data)
	case ".s", ".h", ".comp", ".glsl":
		return digestC(data), nil
	}
	return source{digest: rawSum(data)}, nil
}

// digestGo hashes the tokens of a Go file. Commas and semicolons that only the layout asks for
// (before a closing bracket) are left out; a comma before "]" stays, for there it can carry
// meaning.
func digestGo(name string, data []byte) (source, error) {
	var (
		src      source
		problem  error
		s        scanner.Scanner
		h        = sha256.New()
		fset     = token.NewFileSet()
		file     = fset.AddFile(name, fset.Base(), len(data))
		held     string // a comma or semicolon whose need is not known yet
		imports  importScan
		withBody = false // the package clause is behind us
		before   token.Token
	)
	s.Init(file, data, func(pos token.Position, msg string) {
		if problem == nil {
			problem = fmt.Errorf("%s: %s", pos, msg)
		}
	}, scanner.ScanComments)
	for {
		_, tok, lit := s.Scan()
		if tok == token.EOF {
			break
		}
		if tok == token.COMMENT {
			directive, ok := goDirective(lit)
			if !ok {
				continue
			}
			if !withBody && ignoredBuild(directive) {
				src.ignored = true
			}
			if patterns, ok := strings.CutPrefix(directive, "//go:embed "); ok {
				list, err := embedPatterns(patterns)
				if err != nil {
					return src, fmt.Errorf("%s: %w", name, err)
				}
				src.embeds = append(src.embeds, list...)
			}
			writeToken(h, directive)
			continue
		}
		withBody = withBody || tok == token.PACKAGE
		if imp, ok := imports.next(tok, lit); ok {
			src.imports = append(src.imports, imp)
		}
		closing := tok == token.RPAREN || tok == token.RBRACE
		if held != "" && !closing {
			writeToken(h, held)
		}
		held = ""
		tag := tok == token.STRING && endsType(before) && !imports.inside
		before = tok
		switch {
		case tag:
			writeToken(h, codeTags(lit))
		case tok == token.COMMA:
			held = ","
		case tok == token.SEMICOLON:
			held = ";" // explicit or from a line's end
		case tok == token.RBRACK:
			writeToken(h, "]")
		case tok.IsLiteral():
			writeToken(h, lit)
		default:
			writeToken(h, tok.String())
		}
	}
	src.digest = hex.EncodeToString(h.Sum(nil))
	return src, problem
}

// endsType says whether a string after this token is a field's tag: nothing else puts one there.
func endsType(t token.Token) bool {
	return t == token.IDENT || t == token.RBRACK || t == token.RBRACE || t == token.RPAREN
}

// codeTags are the tags of a field that change what code computes: its names in files, and the unit
// and axes of a column, which its table states. The others, units and ranges of parameters and
// meanings, are for people and for what reads parameters, as comments are.
func codeTags(lit string) string {
	text, _ := strconv.Unquote(lit) // the scanner has seen that it is a literal
	kept := ""
	keys := []string{"json"}
	if strings.Contains(text, `col:"`) {
		keys = []string{"json", "col", "unit", "shape"}
	}
	for _, key := range keys {
		if value, ok := reflect.StructTag(text).Lookup(key); ok {
			kept += key + ":" + strconv.Quote(value)
		}
	}
	return kept
}

// writeToken separates tokens by a byte that no Go source holds.
func writeToken(h hash.Hash, text string) {
	io.WriteString(h, text)
	h.Write([]byte{0})
}

// goDirective returns a comment that the compiler reads, with single spaces.
func goDirective(comment string) (string, bool) {
	if !strings.HasPrefix(comment, "//go:") || strings.HasPrefix(comment, "//go:generate") {
		return "", false
	}
	return strings.Join(strings.Fields(comment), " "), true
}

// ignoredBuild recognises the constraint of files that are run by themselves.
func ignoredBuild(line string) bool {
	if !constraint.IsGoBuild(line) {
		return false
	}
	expr, err := constraint.Parse(line)
	return err == nil && expr.String() == "ignore"
}

// importScan recognises import declarations in a stream of tokens.
type importScan struct{ inside, group bool }

func (s *importScan) next(tok token.Token, lit string) (string, bool) {
	switch tok {
	case token.IMPORT:
		s.inside, s.group = true, false
	case token.LPAREN:
		s.group = s.inside
	case token.RPAREN:
		s.inside, s.group = false, false
	case token.SEMICOLON:
		s.inside = s.inside && s.group
	case token.STRING:
		if s.inside {
			imp, err := strconv.Unquote(lit)
			return imp, err == nil
		}
	}
	return "", false
}

// embedPatterns splits the arguments of a go:embed directive, some of which may be quoted.
func embedPatterns(args string) ([]string, error) {
	var list []string
	for args = strings.TrimSpace(args); args != ""; args = strings.TrimSpace(args) {
		if args[0] == '"' || args[0] == '`' {
			quoted, err := strconv.QuotedPrefix(args)
			if err != nil {
				return nil, fmt.Errorf("go:embed %s: %w", args, err)
			}
			pattern, err := strconv.Unquote(quoted)
			if err != nil {
				return nil, fmt.Errorf("go:embed %s: %w", args, err)
			}
			list, args = append(list, pattern), args[len(quoted):]
			continue
		}
		end := strings.IndexAny(args, " \t")
		if end < 0 {
			end = len(args)
		}
		list, args = append(list, args[:end]), args[end:]
	}
	return list, nil
}

// digestC hashes assembly and shaders without comments, blank lines and the
// amount of white space. Lines stay apart: they carry meaning in both.
func digestC(data []byte) source {
	var src source
	var constraints [][]byte
	for line := range bytes.Lines(data) {
		if line = bytes.TrimSpace(line); bytes.HasPrefix(line, []byte("//go:build ")) {
			constraints = append(constraints, line)
		}
	}
	h := sha256.New()
	for _, c := range constraints {
		h.Write(append(c, 0))
	}
	for line := range bytes.Lines(stripC(data)) {
		if fields := bytes.Fields(line); len(fields) > 0 {
			h.Write(append(bytes.Join(fields, []byte(" ")), 0))
		}
	}
	src.digest = hex.EncodeToString(h.Sum(nil))
	return src
}

// stripC replaces each comment by a space, leaving line ends and quoted text.
func stripC(data []byte) []byte {
	var out []byte
	for i := 0; i < len(data); {
		rest := data[i:]
		switch {
		case bytes.HasPrefix(rest, []byte("//")):
			end := bytes.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			i += end
		case bytes.HasPrefix(rest, []byte("/*")):
			end := bytes.Index(rest[2:], []byte("*/"))
			if end < 0 {
				end = len(rest) - 4
			}
			comment := rest[:end+4]
			out = append(append(out, ' '), bytes.Repeat([]byte("\n"), bytes.Count(comment, []byte("\n")))...)
			i += len(comment)
		case rest[0] == '"':
			end := 1
			for end < len(rest) && rest[end] != '"' && rest[end] != '\n' {
				if rest[end] == '\\' {
					end++
				}
				end++
			}
			end = min(end+1, len(rest))
			out = append(out, rest[:end]...)
			i += end
		default:
			out = append(out, rest[0])
			i++
		}
	}
	return out
}
