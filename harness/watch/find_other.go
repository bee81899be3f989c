//go:build !linux

package watch

import "errors"

// FindNetns is there on Linux alone.
func FindNetns(string) (inode uint32, err error) {
	return 0, errors.New("network namespaces are Linux's alone")
}

// FindContainer is there on Linux alone.
func FindContainer(string) (Container, error) {
	return Container{}, errors.New("cgroups are Linux's alone")
}
