package artifact

import (
	"context"
	"fmt"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython"
	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// An Image is a machine that Verify repeats the dynamic checks on, usually a
// container of an image, and what the report calls it.
type Image struct {
	Name    string
	Machine machine.Machine
}

// images is D11: the artifact runs in each of a list of images, as far as the
// preflight says that it should. What fails or cannot be tried is named with
// the image and the ID of the check.
func (v *verifier) images(ctx context.Context, report *cpython.Report) error {
	for _, image := range v.opts.Images {
		findings, err := v.image(ctx, image)
		if err != nil {
			return fmt.Errorf("%s: %w", image.Name, err)
		}
		passed := 0
		for _, f := range findings {
			if f.Status == cpython.Pass {
				passed++
				continue
			}
			f.Subject = strings.TrimSuffix(image.Name+": "+f.ID+" "+f.Subject, " ")
			f.ID = "D11"
			report.Add(f)
		}
		if passed > 0 {
			report.Add(cpython.Finding{ID: "D11", Status: cpython.Pass, Subject: image.Name, Message: fmt.Sprintf("%d of its checks passed", passed)})
		}
	}
	return nil
}

// image runs the preflight and the dynamic checks on one machine. Where the
// preflight fails, nothing is copied there.
func (v *verifier) image(ctx context.Context, image Image) ([]cpython.Finding, error) {
	on := *v
	on.opts.Machine, on.opts.TempDir = image.Machine, ""
	if v.distrust == "" && v.scene.info != nil {
		preflight, err := PreflightMachine(ctx, v.scene.info.Requirements, v.scene.info.Ref.Platform, image.Machine)
		if err != nil {
			return nil, err
		}
		if !preflight.OK() {
			return preflight.Findings, nil
		}
	}
	var report cpython.Report
	if err := on.dynamic(ctx, &report); err != nil {
		return nil, err
	}
	return report.Findings, nil
}
