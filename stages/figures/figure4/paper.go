package figure4

// paperModules are the modules of the paper's figure 4: mean length (m) and direction modulo 60
// degrees of the lattice vectors in the autocorrelograms of its cells' maps, which were read pixel
// by pixel off the figure of the authors' page.
var paperModules = []struct{ period, orientation float64 }{{0.508, 21.8}, {0.833, 21.5}, {1.40, 21.7}}

// paperScores are the lowest and the highest grid score (expanding ring) of those cells.
var paperScores = [2]float64{0.40, 0.74}
