package cache

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"sync"

	"github.com/klauspost/compress/zstd"

	"github.com/slo-cli/slo/pkg/timeseries"
)

// A pack is, one after the other: the magic, the version, the kind, the header
// (varints, strings with their length before them), the payload compressed, and
// the CRC-32C of everything before it.
const (
	magic       = "slopack"
	packVersion = 1
)

// packKind is the byte behind the version.
type packKind byte

const (
	seriesPack  packKind = 's'
	openPack    packKind = 'o'
	historyPack packKind = 'h'
	lastPack    packKind = 'l'
)

const (
	// largest bounds the payload of a pack before compression.
	largest = 96 << 20
	// densest is how many times smaller than its content a payload can get:
	// beyond it a header lies, and nothing is allocated for it.
	densest = 1 << 15
)

var (
	errDamaged = errors.New("the pack is damaged")
	// errVersion is a whole pack of another version of slo.
	errVersion = errors.New("the pack is of another version")
	errLarge   = errors.New("too large for a pack")
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// pack is the content of a pack file.
type pack struct {
	kind packKind
	// key is the whole text behind the hash in the name.
	key  string
	step int64
	span timeseries.Span
	// written is when, in Unix nanoseconds: of two packs the newer is right.
	written int64
	// every is that of the [timeseries.Answer].
	every int64
	// settled is where the settled part ended when the pack was written.
	settled int64
	payload []byte
}

var (
	encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
		return zstd.NewWriter(nil, zstd.WithEncoderCRC(false), zstd.WithLowerEncoderMem(true),
			zstd.WithEncoderConcurrency(writers))
	})
	decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
		return zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecodeAllCapLimit(true),
			zstd.WithDecoderMaxMemory(largest))
	})
)

// encode is the pack as bytes, and their checksum, which stands at their end.
func (p pack) encode() (content []byte, crc uint32, err error) {
	if len(p.payload) > largest || len(p.key) > largest {
		return nil, 0, errLarge
	}
	enc, err := encoder()
	if err != nil {
		return nil, 0, err
	}
	b := make([]byte, 0, 128+len(p.key)+len(p.payload)/4)
	b = append(b, magic...)
	b = append(b, packVersion, byte(p.kind))
	b = appendText(b, p.key)
	for _, n := range []int64{p.step, p.span.Start, p.span.End, p.written, p.every, p.settled} {
		b = binary.AppendVarint(b, n)
	}
	b = binary.AppendUvarint(b, uint64(len(p.payload)))
	b = enc.EncodeAll(p.payload, b)
	crc = crc32.Checksum(b, castagnoli)
	return binary.LittleEndian.AppendUint32(b, crc), crc, nil
}

// checksum is what stands at the end of the content.
func checksum(content []byte) uint32 {
	if len(content) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(content[len(content)-4:])
}

// decodePack reads the whole of content. It allocates in proportion to what the
// content can hold, whatever the header says.
func decodePack(content []byte) (pack, error) {
	head := len(magic) + 2
	if len(content) < head+4 || string(content[:len(magic)]) != magic {
		return pack{}, errDamaged
	}
	body := content[:len(content)-4]
	if crc32.Checksum(body, castagnoli) != checksum(content) {
		return pack{}, errDamaged
	}
	if content[len(magic)] != packVersion {
		return pack{}, errVersion
	}
	p := pack{kind: packKind(content[head-1])}
	r := reader{rest: body[head:]}
	p.key = r.text()
	for _, n := range []*int64{&p.step, &p.span.Start, &p.span.End, &p.written, &p.every, &p.settled} {
		*n = r.varint()
	}
	size := r.uvarint()
	if r.bad || size > largest || size > uint64(len(r.rest))*densest {
		return pack{}, errDamaged
	}
	dec, err := decoder()
	if err != nil {
		return pack{}, err
	}
	// The decoder is told by the capacity how much there may be.
	p.payload, err = dec.DecodeAll(r.rest, make([]byte, 0, size))
	if err != nil || uint64(len(p.payload)) != size {
		return pack{}, errDamaged
	}
	return p, nil
}

func appendText(b []byte, text string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// reader takes numbers and texts from the front of some bytes. After the first
// that is not there it is bad, and everything it returns is zero.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) fail() {
	r.bad, r.rest = true, nil
}

func (r *reader) uvarint() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

func (r *reader) varint() int64 {
	n, size := binary.Varint(r.rest)
	if size <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count is a number of things that take at least one byte each of what is left.
func (r *reader) count() int {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.fail()
		return 0
	}
	return int(n)
}

func (r *reader) bytes(n int) []byte {
	if n < 0 || n > len(r.rest) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) text() string { return string(r.bytes(r.count())) }
