// SPDX-License-Identifier: Apache-2.0

// Go's notes and transparency logs (golang.org/x/mod/sumdb) behind the line protocol of peer.c:
// one question a line, one answer a line. tests/e2e/test_tlog_oracle.py asks both.
package main

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sort"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const most = 4200

var stored []tlog.Hash

var reader = tlog.HashReaderFunc(func(indexes []int64) ([]tlog.Hash, error) {
	var out []tlog.Hash
	for _, i := range indexes {
		if i >= int64(len(stored)) {
			return nil, errors.New("no such hash")
		}
		out = append(out, stored[i])
	}
	return out, nil
})

func number(s string) int64 {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		panic(err)
	}
	return n
}

func raw(s string) []byte {
	if s == "-" {
		return nil
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func hash(s string) (h tlog.Hash) {
	copy(h[:], raw(s))
	return
}

func hashes(s string) (out []tlog.Hash) {
	for b := raw(s); len(b) > 0; b = b[32:] {
		var h tlog.Hash
		copy(h[:], b)
		out = append(out, h)
	}
	return
}

func show(hs []tlog.Hash, err error) string {
	if err != nil {
		return "refused"
	}
	var b strings.Builder
	for _, h := range hs {
		b.WriteString(hex.EncodeToString(h[:]))
	}
	if b.Len() == 0 {
		return "-"
	}
	return b.String()
}

func verdict(err error) string {
	if err != nil {
		return "no"
	}
	return "yes"
}

func open(vkeys string, msg []byte) string {
	var known []note.Verifier
	for _, k := range strings.Split(vkeys, ",") {
		v, err := note.NewVerifier(k)
		if err != nil {
			return "bad-key"
		}
		known = append(known, v)
	}
	n, err := note.Open(msg, note.VerifierList(known...))
	var unsigned *note.UnverifiedNoteError
	var invalid *note.InvalidSignatureError
	switch {
	case err == nil:
		var names []string
		for _, s := range n.Sigs {
			names = append(names, s.Name)
		}
		sort.Strings(names)
		return "signed " + strings.Join(names, " ") + " " + hex.EncodeToString([]byte(n.Text))
	case errors.As(err, &unsigned):
		return "unsigned"
	case errors.As(err, &invalid):
		return "invalid"
	}
	return "malformed"
}

// keyID as signed-note has it, for the signer's text form.
func sign(name string, seed, text []byte) string {
	public := ed25519.NewKeyFromSeed(seed).Public().(ed25519.PublicKey)
	h := sha256.Sum256(append([]byte(name+"\n\x01"), public...))
	skey := fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", name, binary.BigEndian.Uint32(h[:4]),
		base64.StdEncoding.EncodeToString(append([]byte{1}, seed...)))
	s, err := note.NewSigner(skey)
	if err != nil {
		return "refused"
	}
	msg, err := note.Sign(&note.Note{Text: string(text)}, s)
	if err != nil {
		return "refused"
	}
	return hex.EncodeToString(msg)
}

// newTiles leaves out what NewTiles has for trees between the two sizes, and what has not changed.
func newTiles(from, to int64) string {
	var out []string
	for _, t := range tlog.NewTiles(8, from, to) {
		before, after := from>>(8*t.L)-t.N<<8, to>>(8*t.L)-t.N<<8
		if int64(t.W) == before || t.W < 256 && int64(t.W) != after {
			continue
		}
		out = append(out, strings.Replace(t.Path(), "tile/8/", "tile/", 1))
	}
	sort.Strings(out)
	return strings.Join(append(out, "."), " ")
}

func answer(w []string) string {
	switch w[0] {
	case "root":
		h, err := tlog.TreeHash(number(w[1]), reader)
		return show([]tlog.Hash{h}, err)
	case "include":
		p, err := tlog.ProveRecord(number(w[2]), number(w[1]), reader)
		return show(p, err)
	case "consist":
		p, err := tlog.ProveTree(number(w[2]), number(w[1]), reader)
		return show(p, err)
	case "included":
		return verdict(tlog.CheckRecord(hashes(w[5]), number(w[2]), hash(w[3]), number(w[1]), hash(w[4])))
	case "consistent":
		return verdict(tlog.CheckTree(hashes(w[5]), number(w[2]), hash(w[4]), number(w[1]), hash(w[3])))
	case "tiles":
		return newTiles(number(w[1]), number(w[2]))
	case "tile":
		t := tlog.Tile{H: 8, L: int(number(w[1])), N: number(w[2]), W: int(number(w[3]))}
		data, err := tlog.ReadTileData(t, reader)
		if err != nil {
			return "refused"
		}
		return hex.EncodeToString(data)
	case "path":
		t, err := tlog.ParseTilePath(strings.Replace(string(raw(w[1])), "tile/", "tile/8/", 1))
		if err != nil || t.L < 0 || t.L > 7 { // more no tree has
			return "refused"
		}
		return fmt.Sprintf("%d %d %d", t.L, t.N, t.W)
	case "open":
		return open(w[1], raw(w[2]))
	case "sign":
		return sign(w[1], raw(w[2]), raw(w[3]))
	}
	return "?"
}

func main() {
	for i := int64(0); i < most; i++ {
		hs, err := tlog.StoredHashes(i, []byte(fmt.Sprintf("leaf-%d", i)), reader)
		if err != nil {
			panic(err)
		}
		stored = append(stored, hs...)
	}
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 1<<22)
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for in.Scan() {
		fmt.Fprintln(out, answer(strings.Split(in.Text(), " ")))
	}
}
