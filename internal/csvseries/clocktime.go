package csvseries

// cursor reads a time from left to right.
type cursor struct {
	text []byte
	at   int
}

// peek is the next byte, 0 at the end.
func (p *cursor) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

// digits reads up to most digits, and says how many there were.
func (p *cursor) digits(most int) (value, n int) {
	for n < most && p.peek()-'0' <= 9 {
		value = value*10 + int(p.text[p.at]-'0')
		p.at++
		n++
	}
	return value, n
}

func (p *cursor) spaces() {
	for p.peek() == ' ' {
		p.at++
	}
}

// word passes over a word in any case of letters, if it comes next.
func (p *cursor) word(word string) bool {
	if len(p.text)-p.at < len(word) {
		return false
	}
	for i := range len(word) {
		if p.text[p.at+i]|0x20 != word[i] {
			return false
		}
	}
	p.at += len(word)
	return true
}

// timeOfDay reads what follows a date, up to the end: the seconds since
// midnight UTC. There need be nothing.
func (p *cursor) timeOfDay() (seconds int64, zoned, ok bool) {
	if p.at == len(p.text) {
		return 0, false, true
	}
	if b := p.peek(); b != 'T' && b != 't' && b != ' ' {
		return 0, false, false
	}
	p.at++
	p.spaces()
	hour, n := p.digits(2)
	if n == 0 || hour > 23 {
		return 0, false, false
	}
	var minute, second int
	if p.peek() == ':' {
		p.at++
		if minute, n = p.digits(2); n != 2 || minute > 59 {
			return 0, false, false
		}
		if p.peek() == ':' {
			p.at++
			if second, n = p.digits(2); n != 2 || second > 60 {
				return 0, false, false
			}
			if b := p.peek(); b == '.' || b == ',' {
				p.at++
				if _, n = p.digits(12); n == 0 {
					return 0, false, false
				}
			}
		}
	}
	if hour, ok = p.halfDay(hour); !ok {
		return 0, false, false
	}
	offset, zoned, ok := p.zone()
	return int64(hour*3600+minute*60+second) - offset, zoned, ok && p.at == len(p.text)
}

// halfDay reads AM or PM, if one comes next.
func (p *cursor) halfDay(hour int) (int, bool) {
	before := p.at
	p.spaces()
	afternoon := p.word("pm")
	if !afternoon && !p.word("am") {
		p.at = before
		return hour, true
	}
	if hour < 1 || hour > 12 {
		return 0, false
	}
	hour %= 12
	if afternoon {
		hour += 12
	}
	return hour, true
}

// zone reads Z, UTC, GMT or an offset such as +01:00, if one comes next.
func (p *cursor) zone() (offset int64, zoned, ok bool) {
	p.spaces()
	if p.at == len(p.text) {
		return 0, false, true
	}
	if p.word("utc") || p.word("gmt") || p.word("z") {
		p.spaces()
		return 0, true, true
	}
	sign := int64(1)
	switch p.peek() {
	case '+':
	case '-':
		sign = -1
	default:
		return 0, false, false
	}
	p.at++
	hours, n := p.digits(2)
	if n != 2 || hours > 18 {
		return 0, false, false
	}
	if p.peek() == ':' {
		p.at++
	}
	minutes, n := p.digits(2)
	if n == 1 || minutes > 59 {
		return 0, false, false
	}
	p.spaces()
	_ = hours+minutes == 0 && (p.word("utc") || p.word("gmt")) // as some languages print it
	return sign * int64(hours*3600+minutes*60), true, true
}
