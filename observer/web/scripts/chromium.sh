#!/bin/sh
# Sees to it that there is a Chromium for the page's tests: the one of $CHROMIUM, one that is installed, or Debian's.
set -e
for c in "$CHROMIUM" /usr/bin/chromium /usr/bin/chromium-browser /usr/bin/google-chrome; do
	if [ -n "$c" ] && [ -x "$c" ]; then exit 0; fi
done
if [ -n "$CHROMIUM" ]; then
	echo "CHROMIUM is $CHROMIUM, which cannot be run: set it to the path of a Chromium" >&2
	exit 1
fi
if ! command -v apt-get >/dev/null; then
	echo 'there is no Chromium: install it, or set CHROMIUM to its path' >&2
	exit 1
fi
as=''
if [ "$(id -u)" != 0 ]; then as='sudo'; fi
echo 'installing Chromium'
$as env DEBIAN_FRONTEND=noninteractive apt-get update -qq
$as env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium fonts-dejavu-core >/dev/null
