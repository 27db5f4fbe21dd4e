package train

import "time"

// pace chooses how many threads a training takes of those that it may have. Two processors that
// share no cache can be slower together than one alone on a small step, and a virtual machine's may
// share one now and none in a minute. So now and then a burst is made with one thread and one with
// all, and those between with what was faster. The results are bitwise identical.
type pace struct {
	bursts    int
	one, most time.Duration // a step of the last such burst
	alone     bool          // the burst under way has one thread though it might have more
}

// paceEvery is the number of bursts from one trial to the next: every few seconds.
const paceEvery = 50

// threads returns how many of so many the next burst takes.
func (p *pace) threads(most int) int {
	if most == 1 { // what one thread takes says nothing of more, if there will be more
		p.bursts, p.alone = 0, true
		return 1
	}
	trial := p.bursts % paceEvery
	p.bursts++
	p.alone = trial == 0 || trial > 1 && p.one < p.most
	if p.alone {
		return 1
	}
	return most
}

// note takes down what a step of the burst took.
func (p *pace) note(perStep time.Duration) {
	if p.alone {
		p.one = perStep
	} else {
		p.most = perStep
	}
}
