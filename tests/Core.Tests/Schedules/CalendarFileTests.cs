using Sluice.Core.Schedules;

namespace Sluice.Core.Tests.Schedules;

public sealed class CalendarFileTests
{
    [Fact]
    public void A_list_has_a_day_to_a_line()
    {
        var calendar = CalendarFile.Parse(("days.txt", "\uFEFF# holidays\r\n2026-12-25 Christmas Day\r\n\r\n2026-01-01\n+2026-11-07 make-up day # worked\nweekend: fri, Sat\n"));

        Assert.Equal([new(new(2026, 1, 1)), new(new(2026, 12, 25), "Christmas Day")], calendar.Holidays);
        Assert.Equal([new(new(2026, 11, 7), "make-up day")], calendar.WorkingDays);
        Assert.Equal([DayOfWeek.Friday, DayOfWeek.Saturday], calendar.Weekend);
        Assert.Equal("days.txt", calendar.Name);
        Assert.Empty(CalendarFile.Parse(("days.txt", "weekend: none")).Weekend);
    }

    [Theory]
    [InlineData("DTSTART;VALUE=DATE:20261225", "2026-12-25")]
    [InlineData("DTSTART;VALUE=DATE:20260924\nDTEND;VALUE=DATE:20260927", "2026-09-24 2026-09-25 2026-09-26")]
    [InlineData("DTSTART;VALUE=DATE:20260924\nDTEND;VALUE=DATE:20260924", "2026-09-24")]
    [InlineData("DTSTART:20261224T120000Z\nDTEND:20261225T120000Z", "2026-12-24 2026-12-25")]
    [InlineData("DTSTART:20261224T000000\nDTEND:20261225T000000", "2026-12-24")]
    [InlineData("DTSTART;TZID=\"Asia/Seoul: x\":20261224T090000\nDURATION:PT8H", "2026-12-24")]
    [InlineData("DTSTART;VALUE=DATE:20260924\nDURATION:P3D", "2026-09-24 2026-09-25 2026-09-26")]
    [InlineData("DTSTART;VALUE=DATE:20260924\nDURATION:P1W\nEXDATE:20260101", "2026-09-24 2026-09-25 2026-09-26 2026-09-27 2026-09-28 2026-09-29 2026-09-30")]
    [InlineData("DTSTART;VALUE=DATE:20261225\nSTATUS:CANCELLED", "")]
    [InlineData("DTSTART;VALUE=DATE:20261225\nRDATE;VALUE=DATE:20261228,20261229", "2026-12-25 2026-12-28 2026-12-29")]
    [InlineData("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=3", "2026-12-25 2027-12-25 2028-12-25")]
    [InlineData("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;COUNT=3\nEXDATE;VALUE=DATE:20271225", "2026-12-25 2028-12-25")]
    [InlineData("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;UNTIL=20280101T000000Z", "2026-12-25 2027-12-25")]
    [InlineData("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY;INTERVAL=2;COUNT=2", "2026-12-25 2028-12-25")]
    [InlineData("DTSTART;VALUE=DATE:20240229\nRRULE:FREQ=YEARLY;COUNT=2", "2024-02-29 2028-02-29")]
    [InlineData("DTSTART;VALUE=DATE:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=2", "2026-11-26 2027-11-25")]
    [InlineData("DTSTART;VALUE=DATE:20260525\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3", "2026-05-25 2027-05-31 2028-05-29")]
    [InlineData("DTSTART;VALUE=DATE:20261103\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8;COUNT=2", "2026-11-03 2027-11-02")]
    [InlineData("DTSTART;VALUE=DATE:20260331\nRRULE:FREQ=YEARLY;BYMONTH=3,6;BYMONTHDAY=-1;COUNT=3", "2026-03-31 2026-06-30 2027-03-31")]
    // A line that begins with a blank goes on the one before.
    [InlineData("DTSTART;VALUE=DA\n TE:20261225\nSUMMARY:Christ\n\tmas", "2026-12-25")]
    // An alarm inside is not the event.
    [InlineData("DTSTART;VALUE=DATE:20261225\nBEGIN:VALARM\nDURATION:P9D\nEND:VALARM", "2026-12-25")]
    public void An_event_is_its_days(string lines, string expected) =>
        Assert.Equal(expected, string.Join(' ', CalendarFile.Parse(("c.ics", Ics(lines))).Holidays.Select(day => $"{day.Date:yyyy-MM-dd}")));

    [Fact]
    public void Names_come_along_and_a_category_marks_days_that_are_worked()
    {
        var calendar = CalendarFile.Parse(
            ("c.ics", Ics("DTSTART;VALUE=DATE:20261225\nSUMMARY;LANGUAGE=en:Christmas\\, first day\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261107\nCATEGORIES:X,Working Day")),
            ("more.txt", "2026-12-31"));

        Assert.Equal("Christmas, first day", calendar.Holidays[0].Name);
        Assert.Equal(new DateOnly(2026, 12, 31), calendar.Holidays[1].Date);
        Assert.Equal([new CalendarDay(new(2026, 11, 7))], calendar.WorkingDays);
        Assert.Equal("c.ics + more.txt", calendar.Name);
    }

    [Fact]
    public void A_rule_without_an_end_is_written_out_to_the_end_of_the_century() =>
        Assert.Equal(new DateOnly(2099, 12, 25), CalendarFile.Parse(("c.ics", Ics("DTSTART;VALUE=DATE:20261225\nRRULE:FREQ=YEARLY"))).Holidays[^1].Date);

    [Theory]
    [InlineData("d.txt", "2026-13-01", "d.txt, line 1: \"2026-13-01\" is not a date")]
    [InlineData("d.txt", "\n25.12.2026 Christmas", "d.txt, line 2: \"25.12.2026\" is not a date")]
    [InlineData("d.txt", "weekend: fry", "d.txt, line 1: \"fry\" is no day of the week")]
    [InlineData("c.ics", "2026-12-25", "c.ics is no iCalendar file")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225", "c.ics, line 2: the event has no end")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VEVENT", "c.ics, line 2: the event has no DTSTART")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:soon\nEND:VEVENT", "c.ics, line 3: \"soon\" is not a date like 20261225")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nRRULE:FREQ=WEEKLY\nEND:VEVENT", "c.ics, line 4: the rule repeats WEEKLY; only YEARLY rules can be read; list such days one by one.")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nRRULE:FREQ=YEARLY;BYSETPOS=1\nEND:VEVENT", "has BYSETPOS")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nRRULE:FREQ=YEARLY;BYMONTH=13\nEND:VEVENT", "has BYMONTH=13; it must be a number from 1 to 12")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\nRRULE:FREQ=YEARLY;BYMONTH=1;BYDAY=XX\nEND:VEVENT", "has BYDAY=XX, which is no day of the week")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\nDTEND:20280101\nEND:VEVENT", "lasts 730 days")]
    [InlineData("c.ics", "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\nDURATION:forever\nEND:VEVENT", "\"forever\" is not a length in days")]
    public void Nonsense_is_refused_with_file_and_line(string file, string text, string expected) =>
        Assert.Contains(expected, Assert.Throws<FormatException>(() => CalendarFile.Parse((file, text))).Message, StringComparison.Ordinal);

    private static string Ics(string lines) => $"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\n{lines.ReplaceLineEndings("\r\n")}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";
}
