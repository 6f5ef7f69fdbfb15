package pgtest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// account is the user that runs the server: PostgreSQL refuses to run as root.
type account struct {
	credential *syscall.Credential // nil means the user that runs the tests
}

func serverAccount() (account, error) {
	if os.Getuid() != 0 {
		return account{}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(u.Uid, 10, 32)
		if err != nil {
			return account{}, err
		}
		gid, err := strconv.ParseUint(u.Gid, 10, 32)
		if err != nil {
			return account{}, err
		}
		return account{&syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}, nil
	}
	return account{}, errors.New("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")
}

// own makes the account the owner of everything in a folder.
func (a account) own(dir string) error {
	if a.credential == nil {
		return nil
	}
	return filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(a.credential.Uid), int(a.credential.Gid))
	})
}

// command is a command that the account runs in a folder, without the environment of the
// user who runs the tests, and without the signals of their terminal.
func (a account) command(dir, program string, args ...string) *exec.Cmd {
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "LC_ALL=C.UTF-8", "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: a.credential, Setsid: true}
	return cmd
}

// reach returns a folder with the same binaries that the account can run: if it cannot
// reach them, a copy in dir.
func (a account) reach(dir, bin string) (string, error) {
	err := a.command(dir, filepath.Join(bin, "postgres"), "--version").Run()
	if !errors.Is(err, fs.ErrPermission) {
		return bin, err
	}
	installed := filepath.Join(dir, "installed")
	if err := os.CopyFS(installed, os.DirFS(filepath.Dir(bin))); err != nil {
		return "", fmt.Errorf("copy PostgreSQL: %w", err)
	}
	return filepath.Join(installed, filepath.Base(bin)), a.own(installed)
}
