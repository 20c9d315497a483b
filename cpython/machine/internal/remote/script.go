package remote

import (
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/2-coatl/cpython-prebuilt/cpython/machine"
)

// runScript runs one command and tells about it on standard error, in lines
// that begin with a mark. Its text is constant: what the caller gives are its
// arguments, and eval sees but their positions. It exits with 0 whenever it
// could tell, so any other code is somebody else's: of the engine, of ssh, of
// a machine that went away.
//
// The two halves of the mark are joined only when it is printed, so that a
// command that lists the arguments of all processes does not print one. The
// command gets a session of its own from setsid, or where there is none a
// process group from the shell; dash makes none without a terminal, and then
// it is the group of this script, in which nobody can tell what is left over.
// It starts from env because a shell would add variables of its own. In dash
// kill takes a group only without "--".
const runScript = `exec 3<&0 4>&2 2>/dev/null
machine_tell() { printf '%s%s %s\n' "$machine_a" "$machine_b" "$*" >&4; }
machine_a=$1 machine_b=$2 machine_dir=$3 machine_to=$4 machine_env=$5 machine_path=$6 machine_vars=$7 machine_program=$8
shift 8
unset CDPATH
[ -z "$machine_dir" ] || cd -- "$machine_dir" || { machine_tell folder; exit 0; }
[ "$machine_env" ] || machine_path=$PATH
case $machine_program in
*/*) [ -e "$machine_program" ] || { machine_tell program; exit 0; } ;;
*)
	machine_found= machine_ifs=$IFS
	IFS=:
	set -f
	for machine_d in $machine_path; do
		case $machine_d in
		/*) [ -f "$machine_d/$machine_program" ] && [ -x "$machine_d/$machine_program" ] && machine_found=$machine_d/$machine_program && break ;;
		esac
	done
	IFS=$machine_ifs
	[ "$machine_found" ] || { machine_tell program "$machine_path"; exit 0; }
	machine_program=$machine_found
	;;
esac
machine_n=0 machine_line=
[ -z "$machine_env" ] || machine_line='env -i --'
while [ "$machine_n" -lt "$machine_vars" ]; do
	machine_n=$((machine_n + 1))
	machine_line="$machine_line \"\${$machine_n}\""
done
machine_setsid=$(command -v setsid)
case $machine_setsid in
/*) machine_line="$machine_line \"\$machine_setsid\"" ;;
*) machine_setsid=; set -m ;;
esac
machine_line="$machine_line \"\$machine_program\""
while [ "$machine_n" -lt $# ]; do
	machine_n=$((machine_n + 1))
	machine_line="$machine_line \"\${$machine_n}\""
done
eval "$machine_line <&3 2>&$machine_to 3<&- 4>&- &"
machine_group=$! machine_child=$!
exec 3<&-
if [ -z "$machine_setsid" ] && ! kill -0 -"$machine_group"; then
	machine_group=$$
	trap : TERM
fi
machine_tell started "$machine_group"
wait "$machine_child"
machine_code=$?
if [ "$machine_group" != $$ ]; then
` + endLeftovers + `
fi
machine_tell exit "$machine_code"
exit 0
`

// endLeftovers waits two seconds for a process group to end by itself, as
// machine.Local does for what still holds the output, and kills the rest.
const endLeftovers = `machine_end() {
	machine_n=0
	while [ "$machine_n" -lt "$1" ] && kill -0 -"$machine_group"; do
		machine_n=$((machine_n + 1))
		sleep 0.05 || { sleep 1; machine_n=$((machine_n + 20)); }
	done
}
machine_end 40
kill -KILL -"$machine_group" && machine_end 10`

// endScript ends the process group of a command of runScript. A command that
// was told of but has no session yet is no group yet either.
const endScript = `exec 2>/dev/null
machine_group=$1
kill -TERM -"$machine_group" || kill -TERM "$machine_group"
` + endLeftovers + `
exit 0
`

// wrapped returns the arguments that run c through runScript.
func wrapped(c machine.Cmd, mark [2]string, merged bool) ([]string, error) {
	if len(c.Args) == 0 || c.Args[0] == "" {
		return nil, errors.New("run: the command names no program")
	}
	program, dir := c.Args[0], c.Dir
	if strings.Contains(program, "/") && !path.IsAbs(program) {
		program = "./" + program
	}
	if dir != "" && !path.IsAbs(dir) {
		dir = "./" + dir
	}
	to, given := "4", ""
	if merged {
		to = "1"
	}
	if c.Env != nil {
		given = "given"
	}
	list, _ := searchPath(c.Env)
	argv := []string{"sh", "-c", runScript, "sh", mark[0], mark[1], dir, to, given, list, strconv.Itoa(len(c.Env)), program}
	for _, assignment := range c.Env {
		if strings.IndexByte(assignment, '=') < 1 {
			return nil, fmt.Errorf("run %s: %q in its environment is no NAME=value", c.Args[0], assignment)
		}
		argv = append(argv, assignment)
	}
	argv = append(argv, c.Args[1:]...)
	for _, arg := range argv {
		if strings.ContainsRune(arg, 0) {
			return nil, fmt.Errorf("run %s: %q holds a zero byte, which no argument or variable can", c.Args[0], arg)
		}
	}
	return argv, nil
}

// searchPath returns the PATH of env, the last one as in os/exec, and whether
// there is any.
func searchPath(env []string) (list string, ok bool) {
	for _, assignment := range env {
		if value, found := strings.CutPrefix(assignment, "PATH="); found {
			list, ok = value, true
		}
	}
	return list, ok
}
