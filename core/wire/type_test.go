package wire

import "testing"

func TestTypeString(t *testing.T) {
	for _, c := range []struct {
		typ  Type
		want string
	}{
		{0, "none"}, {TypeHello, "hello"}, {TypeData, "data"}, {TypeControl, "control"}, {TypePong, "pong"},
		{25, "set-weight"}, {crossingEnd, "engine-26"}, {126, "engine-126"}, {TypeBye, "bye"}, {TypeStarted, "started"}, {TypeMeasured, "measured"},
		{140, "world-up"}, {141, "deadlock"}, {localEnd, "local-142"}, {255, "local-255"}, {256, "algorithm-256"}, {1023, "algorithm-1023"},
		{1024, "user-1024"}, {MaxType, "user-32767"}, {0x8000, "invalid-32768"}, {0xffff, "invalid-65535"},
	} {
		if got := c.typ.String(); got != c.want {
			t.Errorf("Type(%d) = %q, want %q", uint16(c.typ), got, c.want)
		}
	}
}

// Values are part of the wire format: whoever changes the list must not move one.
func TestTypeValues(t *testing.T) {
	for typ, want := range map[Type]uint16{
		TypeHello: 1, TypeData: 2, TypeBrokenSource: 3, TypeBoot: 4, TypeBootReply: 5, TypeRequest: 6, TypeStatus: 7,
		TypeDeploy: 8, TypeTerminateSource: 9, TypeTerminateNode: 10, TypeJoin: 11, TypeLeave: 12, TypeAnnounce: 13,
		TypeQuery: 14, TypeQueryAck: 15, TypeSetBandwidth: 16, TypeControl: 17, TypeTrace: 18, TypeSessionEnd: 19,
		TypePing: 20, TypePong: 21, TypeProbe: 22, TypeProbeReport: 23, TypeAnswer: 24, TypeSetWeight: 25, TypeBye: 127,
	} {
		if uint16(typ) != want {
			t.Errorf("%v = %d, want %d", typ, typ, want)
		}
	}
}

func TestTypeNamesDiffer(t *testing.T) {
	seen := map[string]Type{}
	for typ := Type(0); typ < 300; typ++ {
		name := typ.String()
		if name == "" {
			t.Errorf("type %d has no name", uint16(typ))
		}
		if other, taken := seen[name]; taken {
			t.Errorf("types %d and %d are both called %q", uint16(other), uint16(typ), name)
		}
		seen[name] = typ
	}
}

func TestTypeLocal(t *testing.T) {
	for n := range 1 << 16 {
		if got, want := Type(n).Local(), n >= 128 && n <= 255; got != want {
			t.Errorf("Type(%d).Local() = %v", n, got)
		}
	}
}
