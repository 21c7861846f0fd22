package slo_test

import (
	"path/filepath"
	"testing"

	"github.com/slo-cli/slo/internal/slotest"
)

func TestVectors(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../testdata/vectors/*.slotest")
	if err != nil || len(files) == 0 {
		t.Fatalf("no vector files: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			slotest.RunFile(t, file)
		})
	}
}
