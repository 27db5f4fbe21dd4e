package analysis

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// enoughMemory is an error if the machine is known to have less memory left than these bytes.
func enoughMemory(bytes int64) error {
	if left := MemoryLeft(); left > 0 && bytes > left {
		return fmt.Errorf("needs about %.1f GB of memory, of which %.1f are left: take fewer states or units", float64(bytes)/1e9, float64(left)/1e9)
	}
	return nil
}

// MemoryLeft is how many bytes may still be taken, 0 where it is not known: what Linux says is
// available, or what the control group leaves, if that is less.
func MemoryLeft() int64 {
	left := kilobytes("/proc/meminfo", "MemAvailable:")
	most, now := number("/sys/fs/cgroup/memory.max"), number("/sys/fs/cgroup/memory.current")
	if most > 0 && (left == 0 || most-now < left) {
		left = max(1, most-now)
	}
	return left
}

// kilobytes is the value of a line of a file such as "MemAvailable: 123 kB" in bytes, 0 if there is
// none.
func kilobytes(path, name string) int64 {
	f, err := os.Open(path)
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if fields := strings.Fields(lines.Text()); len(fields) >= 2 && fields[0] == name {
			n, _ := strconv.ParseInt(fields[1], 10, 64)
			return n * 1024
		}
	}
	return 0
}

// number is the one number in a file, 0 if there is none ("max").
func number(path string) int64 {
	data, err := os.ReadFile(path)
	if err != nil {
		return 0
	}
	n, _ := strconv.ParseInt(strings.TrimSpace(string(data)), 10, 64)
	return n
}
