package params

import "slices"

// Nearest are the words of the list that a typing error away from the word (Damerau's edits, at
// most a third of its letters, at least one and at most three), nearest first, at most three.
func Nearest(word string, list []string) []string {
	limit := min(max(len(word)/3, 1), 3)
	type candidate struct {
		word     string
		distance int
	}
	var near []candidate
	for _, w := range list {
		if d := edits(word, w); d <= limit {
			near = append(near, candidate{w, d})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.distance - b.distance })
	var words []string
	for _, c := range near[:min(len(near), 3)] {
		words = append(words, c.word)
	}
	return words
}

// edits is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours, each counting 1.
func edits(a, b string) int {
	rows := make([][]int, len(a)+1)
	for i := range rows {
		rows[i] = make([]int, len(b)+1)
		rows[i][0] = i
	}
	for j := range rows[0] {
		rows[0][j] = j
	}
	for i := 1; i <= len(a); i++ {
		for j := 1; j <= len(b); j++ {
			differ := 1
			if a[i-1] == b[j-1] {
				differ = 0
			}
			rows[i][j] = min(rows[i-1][j]+1, rows[i][j-1]+1, rows[i-1][j-1]+differ)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				rows[i][j] = min(rows[i][j], rows[i-2][j-2]+1)
			}
		}
	}
	return rows[len(a)][len(b)]
}
