package scenario

// The file as it is written. Texts stay texts here; build turns them into a
// World and can say which of them is wrong.

type fileWorld struct {
	Title       string           `yaml:"title"`
	Now         string           `yaml:"now"`
	History     string           `yaml:"history"`
	IndexLag    string           `yaml:"index_lag"`
	Seed        uint64           `yaml:"seed"`
	Noise       string           `yaml:"noise"`
	Dispersion  string           `yaml:"dispersion"`
	GroupLimit  int              `yaml:"group_limit"`
	Rhythm      *fileRhythm      `yaml:"rhythm"`
	Keys        []fileKey        `yaml:"keys"`
	Limits      []fileLimit      `yaml:"limits"`
	Services    []fileService    `yaml:"services"`
	Counters    []fileCounter    `yaml:"counters"`
	Gauges      []fileGauge      `yaml:"gauges"`
	Releases    []fileRelease    `yaml:"releases"`
	Events      []fileEvent      `yaml:"events"`
	Incidents   []fileIncident   `yaml:"incidents"`
	Monitors    []fileMonitor    `yaml:"monitors"`
	SLOs        []fileSLO        `yaml:"slos"`
	Corrections []fileCorrection `yaml:"corrections"`
	Truth       []fileTruth      `yaml:"truth"`
}

type fileRhythm struct {
	Hours    []float64 `yaml:"hours"`
	Weekend  string    `yaml:"weekend"`
	Holidays []string  `yaml:"holidays"`
}

type fileKey struct {
	API    string   `yaml:"api"`
	App    string   `yaml:"app"`
	Token  string   `yaml:"token"`
	Scopes []string `yaml:"scopes"`
}

type fileLimit struct {
	Name   string `yaml:"name"`
	Limit  int    `yaml:"limit"`
	Period string `yaml:"period"`
}

type fileService struct {
	Repeat    int                `yaml:"repeat"`
	Each      []string           `yaml:"each"`
	Name      string             `yaml:"name"`
	Operation string             `yaml:"operation"`
	Version   string             `yaml:"version"`
	Flat      bool               `yaml:"flat"`
	HTTP      *bool              `yaml:"http"`
	GRPC      bool               `yaml:"grpc"`
	Legacy    bool               `yaml:"legacy"`
	Envs      map[string]float64 `yaml:"envs"`
	Endpoints []fileEndpoint     `yaml:"endpoints"`
}

type fileEndpoint struct {
	Repeat   int               `yaml:"repeat"`
	Resource string            `yaml:"resource"`
	Rate     float64           `yaml:"rate"`
	Statuses map[string]string `yaml:"statuses"`
	Latency  *fileLatency      `yaml:"latency"`
	Flat     bool              `yaml:"flat"`
	Rhythm   *fileRhythm       `yaml:"rhythm"`
	From     string            `yaml:"from"`
	To       string            `yaml:"to"`
}

type fileLatency struct {
	Median string  `yaml:"median"`
	Spread float64 `yaml:"spread"`
}

type fileCounter struct {
	Metric string   `yaml:"metric"`
	Tags   []string `yaml:"tags"`
	Rate   float64  `yaml:"rate"`
	From   string   `yaml:"from"`
	To     string   `yaml:"to"`
}

type fileGauge struct {
	Metric string   `yaml:"metric"`
	Tags   []string `yaml:"tags"`
	Value  float64  `yaml:"value"`
	From   string   `yaml:"from"`
	To     string   `yaml:"to"`
}

type fileRelease struct {
	Service string `yaml:"service"`
	At      string `yaml:"at"`
	Version string `yaml:"version"`
	DORA    *bool  `yaml:"dora"`
	Event   *bool  `yaml:"event"`
}

type fileEvent struct {
	At     string   `yaml:"at"`
	Title  string   `yaml:"title"`
	Text   string   `yaml:"text"`
	Source string   `yaml:"source"`
	Status string   `yaml:"status"`
	Tags   []string `yaml:"tags"`
}

type fileIncident struct {
	Service  string   `yaml:"service"`
	Env      string   `yaml:"env"`
	Resource string   `yaml:"resource"`
	Metric   string   `yaml:"metric"`
	Tags     []string `yaml:"tags"`
	From     string   `yaml:"from"`
	To       string   `yaml:"to"`
	For      string   `yaml:"for"`
	Ramp     string   `yaml:"ramp"`
	Requests *float64 `yaml:"requests"`
	Errors   string   `yaml:"errors"`
	Status   int      `yaml:"status"`
	Latency  *float64 `yaml:"latency"`
}

type fileMonitor struct {
	ID        int64              `yaml:"id"`
	Name      string             `yaml:"name"`
	Type      string             `yaml:"type"`
	Query     string             `yaml:"query"`
	Options   map[string]any     `yaml:"options"`
	Test      string             `yaml:"test"`
	Tags      []string           `yaml:"tags"`
	Created   string             `yaml:"created"`
	Modified  string             `yaml:"modified"`
	Phase     string             `yaml:"phase"`
	From      string             `yaml:"from"`
	Down      []fileInterval     `yaml:"down"`
	NoData    []fileInterval     `yaml:"no_data"`
	Groups    []fileMonitorGroup `yaml:"groups"`
	NoResults bool               `yaml:"no_results"`
	Deleted   bool               `yaml:"deleted"`
}

type fileMonitorGroup struct {
	Name   string         `yaml:"name"`
	From   string         `yaml:"from"`
	Down   []fileInterval `yaml:"down"`
	NoData []fileInterval `yaml:"no_data"`
}

type fileInterval struct {
	From string `yaml:"from"`
	To   string `yaml:"to"`
	For  string `yaml:"for"`
}

type fileCorrection struct {
	Raw         string `yaml:"raw"`
	SLO         string `yaml:"slo"`
	Query       string `yaml:"query"`
	Start       string `yaml:"start"`
	End         string `yaml:"end"`
	For         string `yaml:"for"`
	Rule        string `yaml:"rrule"`
	Duration    string `yaml:"duration"`
	Timezone    string `yaml:"timezone"`
	Category    string `yaml:"category"`
	Description string `yaml:"description"`
}

type fileSLO struct {
	Repeat      int             `yaml:"repeat"`
	Each        []string        `yaml:"each"`
	Raw         string          `yaml:"raw"`
	ID          string          `yaml:"id"`
	Name        string          `yaml:"name"`
	Description string          `yaml:"description"`
	Tags        []string        `yaml:"tags"`
	Thresholds  []fileThreshold `yaml:"thresholds"`
	Good        string          `yaml:"good"`
	Bad         string          `yaml:"bad"`
	Total       string          `yaml:"total"`
	Shape       string          `yaml:"shape"`
	Slice       *fileSlice      `yaml:"slice"`
	Monitors    []int64         `yaml:"monitors"`
	Groups      []string        `yaml:"groups"`
	IndexLag    string          `yaml:"index_lag"`
	Datadog     *fileOwnFigure  `yaml:"datadog"`
	Created     string          `yaml:"created"`
	Modified    string          `yaml:"modified"`
}

type fileSlice struct {
	Formula        string            `yaml:"formula"`
	Queries        map[string]string `yaml:"queries"`
	Comparator     string            `yaml:"comparator"`
	Threshold      *float64          `yaml:"threshold"`
	Seconds        int64             `yaml:"seconds"`
	NoDataStrategy string            `yaml:"no_data_strategy"`
}

type fileOwnFigure struct {
	Corrections string   `yaml:"corrections"`
	Edge        string   `yaml:"edge"`
	Missing     string   `yaml:"missing"`
	Groups      []string `yaml:"groups"`
	Decimals    *int     `yaml:"decimals"`
	Behind      string   `yaml:"behind"`
	Late        string   `yaml:"late"`
	Since       string   `yaml:"since"`
	Preview     bool     `yaml:"preview"`
	OffBy       float64  `yaml:"off_by"`
}

type fileThreshold struct {
	Timeframe string   `yaml:"timeframe"`
	Target    float64  `yaml:"target"`
	Warning   *float64 `yaml:"warning"`
}

type fileTruth struct {
	SLO        string `yaml:"slo"`
	Timeframe  string `yaml:"timeframe"`
	At         string `yaml:"at"`
	Good       any    `yaml:"good"`
	Total      any    `yaml:"total"`
	Attainment any    `yaml:"attainment"`
	Remaining  any    `yaml:"remaining_percent"`
	State      string `yaml:"state"`
}
