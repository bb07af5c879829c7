/**
 * Listens on the lowest and on the highest free port of a range until its input ends, a minute at most, and tells whoever connects a word by which it
 * knows that it has come to the right host. POSIX sh; its arguments: the program that listens, the range's two ends, the word, the address family ("4"
 * or "6"). Says "listening PORT" for each port, then "ready".
 */
export const listenScript = String.raw`
case $1 in
perl)
  exec perl -e '
    use strict; use Socket qw(:DEFAULT inet_pton pack_sockaddr_in6 AF_INET6 SOCK_STREAM SOMAXCONN);
    my ($low, $high, $word, $six) = ($ARGV[0], $ARGV[1], $ARGV[2], $ARGV[3] eq "6");
    $| = 1; $SIG{PIPE} = "IGNORE"; alarm 60;
    my %open;
    sub hear {
      for my $port (@_) {
        next if $open{$port};
        socket(my $socket, $six ? AF_INET6 : AF_INET, SOCK_STREAM, 0) or die;
        setsockopt($socket, SOL_SOCKET, SO_REUSEADDR, pack("l", 1));
        my $address = $six ? pack_sockaddr_in6($port, inet_pton(AF_INET6, "::")) : sockaddr_in($port, INADDR_ANY);
        next unless bind($socket, $address) && listen($socket, SOMAXCONN);
        $open{$port} = $socket;
        print "listening $port\n";
        return;
      }
    }
    hear($low .. $high);
    hear(reverse($low .. $high));
    print "ready\n";
    while (1) {
      my $bits = ""; vec($bits, 0, 1) = 1; vec($bits, fileno($_), 1) = 1 for values %open;
      select($bits, undef, undef, undef) > 0 or next;
      if (vec($bits, 0, 1)) { exit 0 unless sysread(STDIN, my $line, 100); }
      for my $socket (values %open) {
        next unless vec($bits, fileno($socket), 1);
        accept(my $peer, $socket) or next;
        syswrite($peer, "$word\n"); close($peer);
      }
    }' "$2" "$3" "$4" "$5" ;;
*)
  exec "$1" -c '
import os, select, signal, socket, sys
low, high, word, six = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4] == "6"
signal.alarm(60)
def hear(ports):
    for port in ports:
        s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind(("::" if six else "0.0.0.0", port))
            s.listen(16)
        except OSError:
            s.close()
            continue
        sys.stdout.write("listening %d\n" % port)
        return [(port, s)]
    return []
open_ = hear(range(low, high + 1))
open_ += hear([p for p in range(high, low - 1, -1) if p not in [q for q, _ in open_]])
sys.stdout.write("ready\n")
sys.stdout.flush()
while True:
    ready = select.select([0] + [s for _, s in open_], [], [])[0]
    for each in ready:
        if each == 0:
            if not os.read(0, 100):
                sys.exit(0)
        else:
            peer = each.accept()[0]
            try:
                peer.sendall((word + "\n").encode())
            except OSError:
                pass
            peer.close()
' "$2" "$3" "$4" "$5" ;;
esac
`;

/** For each name among its arguments what the host's resolver makes of it. Prints "name NAME" and an address a line. */
export const resolveScript = String.raw`
export LC_ALL=C
for name do
  printf 'name %s\n' "$name"
  if command -v timeout >/dev/null 2>&1; then set -- timeout 5; else set --; fi
  "$@" getent ahosts "$name" 2>/dev/null | cut -d' ' -f1 | sort -u | sed 's/^/address /'
done
exit 0
`;
