/**
 * What runs on a host while an image is made there: POSIX sh, its arguments the pool's folder and the common name of its temporary files. It obeys
 * lines on standard input, a word and then its operands, each on a line of its own, and answers in lines. Addresses come that way because what
 * stands in a command line is seen by everybody on the host.
 *
 * Until its input ends it holds a lock on the image, so that of several processes one works and the others find what it made. Whoever listens no
 * more is noticed within a second, by the lines that say how far it is.
 */
export const workshopScript = String.raw`
set -u
export LC_ALL=C
# What runs in the background has no input of its own.
exec 7<&0
umask 022
cd -- "$1" || exit 3
base=$2
part=./$base.part next=./$base.next lock=./$base.lock
child= ticker= follower= flusher= locked= keep=no code=0
tmp=$(mktemp -d) || exit 4

say() { printf '%s\n' "$*" || exit 1; }
# Control characters would be taken for lines. Under its one line curl explains certificates at length.
why() {
  grep -a '^curl: (' "$tmp/errors" >"$tmp/reason" || grep -av '^  ' "$tmp/errors" >"$tmp/reason"
  say "why $(tail -n 3 "$tmp/reason" | tr '\000-\037' ' ' | tail -c 500)"
}
leave() {
  trap '' HUP INT TERM PIPE
  for each in $child $ticker $follower $flusher; do kill "$each" 2>/dev/null; done
  rm -rf "$tmp"
  [ -z "$locked" ] && return
  [ "$keep" = yes ] || rm -f "$part"
  rm -f "$next" "$lock"
}
trap leave EXIT
trap 'exit 1' HUP INT TERM PIPE

# A proxy of the host's, where login is not by PAM.
if [ -r /etc/environment ]; then
  while IFS= read -r line; do
    name=$(printf '%s' "$line" | sed -n 's/^\(export  *\)\{0,1\}\([A-Za-z_]*_[Pp][Rr][Oo][Xx][Yy]\)=.*/\2/p')
    case $name in
      http_proxy | https_proxy | no_proxy | all_proxy | HTTPS_PROXY | NO_PROXY | ALL_PROXY)
        eval "[ -n \"\${$name+set}\" ]" || export "$name=$(printf '%s' "$line" | sed 's/^[^=]*=//; s/^"\(.*\)"$/\1/')" ;;
    esac
  done </etc/environment
fi

# The lock's file is removed with the lock held: what was opened before that is another file. A FIFO, because libvirt takes every other
# file of the folder for a volume, and has it in its lists until it looks again. Opened for both it doesn't wait for a reader.
while :; do
  [ -e "$lock" ] || mkfifo -m 600 "$lock" 2>/dev/null
  exec 9<>"$lock" || exit 5
  while :; do
    flock -n 9
    case $? in
      0) break ;;
      1) say waiting; sleep 1 ;;
      *) exit 5 ;;
    esac
  done
  [ "$(stat -L -c %i /proc/self/fd/9 2>/dev/null)" = "$(stat -c %i "$lock" 2>/dev/null)" ] && break
  exec 9>&-
done
locked=yes

# What runs that were killed have left, unless they come back soon.
find . -maxdepth 1 -name '.pulumi-kvm.image.*.part' -mmin +60 2>/dev/null | while IFS= read -r old; do
  [ "$old" = "$part" ] || (exec 8<>"${"$"}{old%.part}.lock" && flock -n 8 && rm -f "$old" "${"$"}{old%.part}.next" "${"$"}{old%.part}.lock")
done
say locked

headers() {
  grep -aiE '^(HTTP/|content-length:|content-range:|etag:)|^  (HTTP/|content-length:|content-range:|etag:)' "$tmp/$1" 2>/dev/null |
    tr -d '\r' | sed 's/^ */header /'
}
# Waits for a process, saying how far its file has grown.
attend() {
  child=$1
  (
    trap - EXIT HUP INT TERM
    trap '' PIPE
    told=
    # As long as there is somebody to attend for.
    while sleep 1 >/dev/null 2>&1 && kill -0 $$ 2>/dev/null; do
      if [ -z "$told" ] && [ -s "$2" ]; then headers "$3"; told=yes; fi
      printf 'progress %s\n' "$(stat -c %s "$2" 2>/dev/null || echo 0)" || { kill -s PIPE $$; exit; }
    done
  ) 9>&- &
  ticker=$!
  wait "$child"
  code=$?
  child=
  kill "$ticker" 2>/dev/null
  ticker=
}
# Has the disk write what there is while more comes, so that little is left to wait for in the end. It holds neither the lock nor the output.
begin_flushing() {
  [ -n "$flusher" ] && return
  (
    nap=
    trap - EXIT HUP INT PIPE
    # While it syncs, a signal waits until that is done: whoever waits for this process knows that nothing uses the file any more.
    trap 'kill $nap; exit 0' TERM
    while kill -0 $$; do
      sleep 1 &
      nap=$!
      wait "$nap"
      for each in "$part" "$next"; do [ ! -e "$each" ] || sync -d "$each"; done
    done
  ) 7<&- 9>&- >/dev/null 2>&1 &
  flusher=$!
}
end_flushing() {
  [ -n "$flusher" ] || return 0
  kill "$flusher" 2>/dev/null
  attend "$flusher" "$part" errors
  flusher=
}
# The last word of what is done well: whoever sees it answered finds nothing more of it.
finish() {
  rm -f "$part" "$next" "$lock"
  locked=
  say "$@"
}

hasher() {
  if command -v openssl >/dev/null && openssl dgst "-$1" </dev/null >/dev/null 2>&1; then openssl dgst "-$1" -r; else "$1"sum; fi
}

# So many bytes of the input, and not one more.
take() {
  if dd count=0 iflag=fullblock,count_bytes status=none </dev/null 2>/dev/null; then
    dd bs=65536 iflag=fullblock,count_bytes count="$1" status=none
  else head -c "$1"; fi
}

fetch() {
  : >"$tmp/headers"
  : >"$tmp/errors"
  [ "$from" = resume ] || : >"$part"
  begin_flushing
  follow=
  if [ "$from" = start ]; then
    # Reads along, so that the sum is there when the file is; a file that was resumed is summed as a whole.
    : >"$tmp/busy"
    (
      exec 8<"$part"
      while [ -e "$tmp/busy" ] && kill -0 $$ 2>/dev/null; do cat <&8; sleep 0.1 2>/dev/null || sleep 1; done
      cat <&8
    ) 9>&- | hasher "$algorithm" 9>&- >"$tmp/sum" &
    follower=$!
  fi
  case $tool in
    curl)
      [ "$from" = resume ] && follow='--continue-at -'
      printf '%s\n%s\n' "$first" "$second" |
        curl --disable --config - --fail --location --max-redirs 10 --proto '=http,https' --proto-redir "=$redirects" --globoff --silent --show-error \
          --connect-timeout 20 --speed-limit 1 --speed-time 60 --dump-header "$tmp/headers" --output "$part" $follow 2>"$tmp/errors" & ;;
    wget)
      [ "$from" = resume ] && follow=--continue
      printf '%s\n' "$first" |
        wget --no-config --no-verbose --server-response --tries=1 --timeout=60 --max-redirect=10 $follow --output-document="$part" --input-file=- 2>"$tmp/errors" & ;;
  esac
  attend $! "$part" $([ "$tool" = curl ] && echo headers || echo errors)
  rm -f "$tmp/busy"
  headers $([ "$tool" = curl ] && echo headers || echo errors)
  bytes=$(stat -c %s "$part" 2>/dev/null || echo 0)
  sum=-
  if [ -n "$follower" ]; then
    if [ "$code" = 0 ]; then wait "$follower"; sum=$(cut -d' ' -f1 <"$tmp/sum"); else kill "$follower" 2>/dev/null; fi
    follower=
  fi
  if [ "$code" = 0 ]; then say "done $bytes $sum"; else why; say "failed $code $bytes"; fi
}

# What the last step made takes the place of what it was made of.
made() {
  if [ "$code" = 0 ]; then mv -f "$next" "$part"; say "done $(stat -c %s "$part")"; else rm -f "$next"; why; say "failed $code"; fi
}

while IFS= read -r verb; do
  : >"$tmp/errors"
  case $verb in
    keep) IFS= read -r keep ;;
    drop)
      end_flushing
      # After the last word the names are somebody else's.
      if [ -n "$locked" ]; then finish "done"; else say "done"; fi ;;
    empty) : >"$part"; begin_flushing; say "done" ;;
    size) say "done $(stat -c %s "$part" 2>/dev/null || echo 0)" ;;
    receive)
      IFS= read -r bytes
      size=$((bytes + $(stat -c %s "$part")))
      take "$bytes" >>"$part" 2>"$tmp/errors" <&7 &
      attend $! "$part" errors
      if [ "$code" = 0 ] && [ "$(stat -c %s "$part")" = "$size" ]; then say "done"; else
        why
        say "failed $code"
        # What else comes of them would be taken for words.
        exit 0
      fi ;;
    fetch)
      IFS= read -r tool; IFS= read -r from; IFS= read -r algorithm; IFS= read -r redirects; IFS= read -r first; IFS= read -r second
      fetch ;;
    sum)
      IFS= read -r file; IFS= read -r algorithm
      [ -n "$file" ] && file=./$file || file=$part
      hasher "$algorithm" <"$file" >"$tmp/sum" 2>"$tmp/errors" &
      attend $! "$file" errors
      sum=$(cut -d' ' -f1 <"$tmp/sum")
      if [ "$code" = 0 ]; then say "done $sum"; else why; say "failed $code"; fi ;;
    head) say "done $(head -c 65536 "$part" | base64 | tr -d '\n')" ;;
    unpack)
      IFS= read -r program
      case $program in gzip | xz | zstd | bzip2) ;; *) exit 6 ;; esac
      : >"$next"
      echo 1 >"$tmp/status"
      {
        $program -dc <"$part" 2>"$tmp/errors"
        status=$?
        # A warning: all of it was right, and something that isn't gzip's comes after it, as signatures do in images of OpenWrt.
        [ "$program:$status" = gzip:2 ] && grep -q 'decompression OK, trailing garbage ignored' "$tmp/errors" && status=0
        echo $status >"$tmp/status"
      } | if dd if=/dev/null of=/dev/null conv=sparse iflag=fullblock status=none 2>/dev/null; then
        dd of="$next" bs=65536 conv=sparse iflag=fullblock status=none 2>"$tmp/dd"
      else cat >"$next" 2>"$tmp/dd"; fi &
      attend $! "$next" errors
      if [ "$code" != 0 ]; then cat "$tmp/dd" >"$tmp/errors"; else code=$(cat "$tmp/status"); fi
      made ;;
    member)
      IFS= read -r member
      tar -xOf "$part" -- "$member" >"$next" 2>"$tmp/errors" &
      attend $! "$next" errors
      made ;;
    convert)
      IFS= read -r from; IFS= read -r to
      qemu-img convert -f "$from" -O "$to" "$part" "$next" >"$tmp/errors" 2>&1 &
      attend $! "$next" errors
      made ;;
    check)
      IFS= read -r from
      code=0
      if command -v qemu-img >/dev/null; then
        qemu-img check -f "$from" "$part" >"$tmp/check" 2>"$tmp/errors" &
        attend $! "$part" errors
      fi
      # Other codes: it found room that nothing uses, or can't tell.
      if [ "$code" = 2 ]; then why; say "failed $code"; else say "done"; fi ;;
    link)
      IFS= read -r twin
      rm -f "$part"
      if ln -- "./$twin" "$part" 2>/dev/null || cp --reflink=auto -- "./$twin" "$part" 2>"$tmp/errors"; then say "done $(stat -c %s "$part")"; else why; say "failed 1"; fi ;;
    publish)
      IFS= read -r how; IFS= read -r name
      chmod 0644 "$part"
      end_flushing
      # Before the name: after a power cut whatever has the name is whole.
      { sync -d "$part" 2>/dev/null || sync; } &
      attend $! "$part" errors
      if [ "$how" = replace ]; then
        if mv -f -- "$part" "./$name" 2>"$tmp/errors"; then sync . 2>/dev/null; finish "done"; else why; say "failed 1"; fi
      elif [ -e "./$name" ]; then finish "done exists"
      elif ln -- "$part" "./$name" 2>/dev/null || mv -n -- "$part" "./$name" 2>"$tmp/errors"; then
        sync . 2>/dev/null
        finish "done"
      else why; say "failed 1"; fi ;;
    *) exit 6 ;;
  esac
done
exit 0
`;
