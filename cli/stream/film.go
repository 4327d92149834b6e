package stream

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/ioverlay/ioverlay/internal/subprocess"
)

// tools are the programs of ffmpeg.
type tools struct{ ffmpeg, ffprobe string }

// find tells whether they are there, and what to do if not.
func (t tools) find(ctx context.Context) error {
	for _, name := range []string{t.ffmpeg, t.ffprobe} {
		if _, err := subprocess.Output(ctx, subprocess.Command{Name: name, Program: []string{name, "-version"}}); err != nil {
			return fmt.Errorf("the demo needs ffmpeg and ffprobe (apt-get install ffmpeg), or --ffmpeg and --ffprobe that say where they are: %w", err)
		}
	}
	return nil
}

// film encodes a test pattern, in which each picture is another, with a tone, as MPEG-4 in a transport stream, at the pace of its
// own clock: to an address by UDP, and into a file. It returns when it is over.
func (t tools) film(ctx context.Context, seconds int, to, file string) error {
	_, err := subprocess.Output(ctx, subprocess.Command{Name: "ffmpeg", Program: []string{
		t.ffmpeg, "-nostdin", "-v", "error", "-y",
		"-re", "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=320x240:rate=25:duration=%d", seconds),
		"-re", "-f", "lavfi", "-i", fmt.Sprintf("sine=frequency=440:sample_rate=44100:duration=%d", seconds),
		"-map", "0:v", "-map", "1:a", "-c:v", "mpeg4", "-b:v", "600k", "-g", "25", "-c:a", "aac", "-b:a", "64k",
		"-f", "tee", fmt.Sprintf("[f=mpegts]%s|[f=mpegts]udp://%s?pkt_size=1316", file, to),
	}})
	return err
}

// frames are the frames of a film, as they were encoded: how many times each hash is there, by stream.
type frames map[string]int

// read reads the hashes of all frames of a file. A film that cannot be read has none.
func (t tools) read(ctx context.Context, file string) (frames, error) {
	out, err := subprocess.Output(ctx, subprocess.Command{Name: "ffmpeg", Program: []string{
		t.ffmpeg, "-nostdin", "-v", "fatal", "-i", file, "-map", "0:v?", "-map", "0:a?", "-c", "copy", "-f", "framehash", "-hash", "md5", "-",
	}})
	var ended *subprocess.EndedError
	if errors.As(err, &ended) && ctx.Err() == nil {
		return frames{}, nil
	} else if err != nil {
		return nil, err
	}
	return readHashes(out), nil
}

// readHashes reads what ffmpeg's muxer framehash writes: lines of stream, times, size and hash.
func readHashes(out []byte) frames {
	f := frames{}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		fields := strings.Split(lines.Text(), ",")
		if strings.HasPrefix(lines.Text(), "#") || len(fields) < 6 {
			continue
		}
		f[strings.TrimSpace(fields[0])+" "+strings.TrimSpace(fields[5])]++
	}
	return f
}

// arrived says how many frames of one stream of a film ("0" is video, "1" sound) are in another as they were, and how many are
// there that are not of it.
func (f frames) arrived(in frames, stream string) (whole, altered, all int) {
	for key, n := range f {
		if strings.HasPrefix(key, stream+" ") {
			all += n
			whole += min(n, in[key])
		}
	}
	for key, n := range in {
		if strings.HasPrefix(key, stream+" ") {
			altered += max(n-f[key], 0)
		}
	}
	return whole, altered, all
}

// probed is what ffprobe finds in a file: decoded frames, by kind of stream.
func (t tools) probe(ctx context.Context, file string) (map[string]int, error) {
	out, err := subprocess.Output(ctx, subprocess.Command{Name: "ffprobe", Program: []string{
		t.ffprobe, "-v", "fatal", "-count_frames", "-show_entries", "stream=codec_type,nb_read_frames", "-of", "json", file,
	}})
	var ended *subprocess.EndedError
	if errors.As(err, &ended) && ctx.Err() == nil {
		return map[string]int{}, nil // no film
	} else if err != nil {
		return nil, err
	}
	var found struct {
		Streams []struct {
			Kind   string `json:"codec_type"`
			Frames string `json:"nb_read_frames"`
		}
	}
	if err := json.Unmarshal(out, &found); err != nil {
		return nil, fmt.Errorf("what ffprobe says of %s: %w", file, err)
	}
	kinds := map[string]int{}
	for _, s := range found.Streams {
		n, err := strconv.Atoi(s.Frames)
		if err != nil {
			return nil, fmt.Errorf("ffprobe says of %s that it has %q frames: %w", file, s.Frames, err)
		}
		kinds[s.Kind] += n
	}
	return kinds, nil
}
