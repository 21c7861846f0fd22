// Package anomaly finds what is unusual in a series of a service's requests,
// errors or latencies, and says which of several groups explain a change. It
// knows values on a grid and nothing else: no clock, no service, no network.
//
// # The model
//
// A [Detector] asks of every bucket: how far is the value from what was
// expected, measured in what is usual for this series? Only that bucket and
// earlier ones have a say.
//
//	around(i)   = mean of the 5 buckets around i
//	usual(i)    = usual(i−1) + median over days 1…7, 14, 21, 28 before of around(i) − around(i−1) there
//	level(i)    = median of (value − usual) over the last 20 minutes, at least 5 known buckets
//	expected(i) = usual(i) + level(i)          where the season helps, else the median of the last values
//	residual(i) = |value(i) − expected(i)|
//	news(i)     = residual(i) − the second largest residual of the slot in the last 7 days, or 0
//	wobble(i)   = that of the last 7 days, as it is at this time of the day, and no less than its floor
//	score(i)    = news(i) ÷ wobble(i)          · 7 ÷ bar, alarm at 7
//
// Weekends and holidays need no calendar: the usual gives the shape of a day,
// the level says at once that today is a quiet one.
//
//   - Usual. It is the shape of a day, known up to its height, which the level
//     gives. The median is taken over rises and not over heights: five Fridays and
//     five Saturdays have no height in common, and which of them a median falls
//     on would change with every day that is missing or was odd. It is worked out every
//     five minutes, with a straight line between. With a shorter history it
//     has fewer days.
//   - Season. From day to day the usual is used only if it made the residuals
//     of the last 7 days smaller than they are without it: some series have no
//     season, and a median of noise is only more noise.
//   - Level. Where there was nothing for three hours it starts anew. While a
//     bucket alarms the level does not follow, for half an hour at most: so an
//     incident is one stretch, and its end is not a second one. Then it follows, because
//     what lasts is a shift of level, which is told once and by others.
//   - News. What happens every night at two is not news. Slots are compared
//     with their neighbours, a minute sooner or later.
//   - Wobble. The larger of 1.48 × the median and the 90th percentile ÷ 1.645
//     of the residuals: both are the standard deviation if those were normal,
//     the second sees tails. A series that stands still in more than half of
//     its buckets has both near 0 and is judged by its 99th and 99.9th percentile as well.
//   - Time of the day. The mean residual of this hour and a quarter, as a median
//     over 7 days, against the whole week scales the wobble by 0.4 … 3 (0.6 … 3 where the
//     series stands still): a batch job's hour wobbles more than the night.
//   - Floors. 1 % of what was expected. For counts also √(expected + 2.25),
//     which is what chance does to independent events: a bucket that expects
//     four requests wobbles by two and a half, and ten lone errors alarm
//     nobody. Where a series of counts kept to less than chance in the last
//     week it is no count of independent events, and the floor is lowered in proportion.
//   - Bar. It is 7. If 8 hours of the last week alarmed, it is what the eighth of
//     them reached: a series that cries all day has to cry louder.
//   - Echo. ¾ of a score, at most 2.9, is left in the next bucket. It
//     moves no alarm. It only ranks what lies beside one above what does not.
//
// A day without history has scores of 0, and so has all that is unknown: the
// first bucket that was judged is [View].Warm. A missing bucket is unknown, not
// zero; infinity is unknown too.
//
// # Looking back
//
// With hindsight the same is done from the end backwards, and a bucket has to
// be unusual for both: a shift of level is a jump for the past and none for the
// future, an incident is one for both.
//
//	score(i) = 1.1 · min^¾ · max^¼    of the score from the past and the largest one from the future within 3 buckets
//
// The larger has a quarter of a say because of two witnesses one may have seen
// less; 1.1 makes up for both having to agree. The level is held for two
// hours on either side. What comes after the end is taken to be like the last
// week; the newest hour has the score from the past alone, and is still open.
//
// # Steps
//
// Any step works. The spans above are meant in time and have at least a few
// buckets. From a quarter of a day on a day has no shape: there the period is the week, four
// of them are looked back at, and a residual is compared with seven.
//
// # Exactness
//
// Values are reckoned in float32 and cut off at ±1e30. Quantiles of residuals
// are read from bins of a 32nd of an octave, exact to 3 %. Results are
// bit-identical in every run, on one platform, and do not depend on what the
// Detector looked at before.
package anomaly
