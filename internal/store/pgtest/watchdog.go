package pgtest

import (
	"io"
	"os/exec"
	"syscall"
)

// watchdog is a process that waits until this one ends, for whatever reason. It then ends
// the server and removes the folder. It has its own session, so that whatever ends a
// process group or terminal does not end it.
type watchdog struct {
	cmd *exec.Cmd
	end io.Closer // its standard input, which ends with this process
}

// The script reads the file of the server's process id last, because the server may have
// been started several times. A server that has only just started has not written the file
// yet; it ends when its folder is gone.
const watchdogScript = `
trap '' HUP INT TERM
read -r _
pid=$(head -n 1 "$1/data/postmaster.pid" 2>/dev/null) && kill -QUIT "$pid" 2>/dev/null
for _ in 1 2 3 4 5 6 7 8 9 10; do
  if ! { [ "$pid" ] && kill -0 "$pid" 2>/dev/null; }; then
    rm -rf "$1" 2>/dev/null
    [ -e "$1" ] || exit 0
  fi
  sleep 0.3
done
[ "$pid" ] && kill -KILL "$pid" 2>/dev/null
sleep 0.3
rm -rf "$1"
`

func watch(dir string) (*watchdog, error) {
	cmd := exec.Command("sh", "-c", watchdogScript, "sh", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	end, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &watchdog{cmd, end}, nil
}

// clear makes the watchdog do its work now.
func (w *watchdog) clear() error {
	if err := w.end.Close(); err != nil {
		return err
	}
	return w.cmd.Wait()
}
