package figure5

// The paper's figure 5a, read off its picture: the distance of states far apart, and the distance of
// places (m) at which it has come to so much.
const (
	paperPlateau = 0.81
	paperReached = 0.7
	paperReachM  = 0.1
)
