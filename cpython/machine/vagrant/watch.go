package vagrant

// watchScript ends a command whose SSH connection is gone, as after a kill -9
// of this program: OpenSSH then closes the command's streams, and one that
// neither reads nor writes would run on for ever.
//
// $1 is the server's process for this connection, $2 the user's shell, and what
// follows makes a command root's. The process groups of the shell's descendants
// get SIGTERM, and what is left of them after two seconds SIGKILL, last the
// shell's own. In dash kill takes a group only without "--". Where the server's process
// cannot be seen, nothing is watched.
const watchScript = `server=$1 shell=$2
shift 2
kill -0 "$server" || exit
trap 'kill "$pause"; exit' TERM
while sleep 2 & pause=$!; wait "$pause"; do kill -0 "$server" || break; done
tree=" $shell " groups= found=yes
while [ "$found" ]; do
	found=
	for stat in /proc/[0-9]*/stat; do
		read -r line <"$stat" || continue
		pid=${line%% *} rest=${line##*) }
		rest=${rest#* } parent=${rest%% *} rest=${rest#* } group=${rest%% *}
		case $tree in *" $pid "*) continue ;; esac
		case $tree in *" $parent "*) found=yes tree="$tree$pid " ;; *) continue ;; esac
		[ "$group" = "$shell" ] || groups="$groups $group"
	done
done
"$@" sh -c 'for g; do kill -TERM -"$g"; done' sh $groups
sleep 2
"$@" sh -c 'for g; do kill -KILL -"$g"; done' sh $groups "$shell"
`

// watched returns the text of a command for the user's shell, with a watch that
// lasts as long as the command. Its streams are not the command's, whose end
// would otherwise be seen late.
func watched(command string, asRoot []string) string {
	return "sh -c " + quote([]string{watchScript, "sh"}) + ` "$PPID" "$$" ` + quote(asRoot) +
		" </dev/null >/dev/null 2>&1 3>&- & machine_watch=$!; " + command + `; machine_code=$?; kill "$machine_watch"; exit "$machine_code"`
}
