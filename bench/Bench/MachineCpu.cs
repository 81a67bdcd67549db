using System.Globalization;

namespace Sluice.Bench;

/// <summary>CPU time of the whole machine, all processes and the kernel, since boot.</summary>
internal static class MachineCpu
{
    /// <remarks>/proc/stat, first line, in hundredths of a second: user, nice, system, idle, iowait, irq, softirq. (proc(5))</remarks>
    public static TimeSpan Busy()
    {
        var fields = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var ticks = new[] { 1, 2, 3, 6, 7 }.Sum(field => long.Parse(fields[field], CultureInfo.InvariantCulture));
        return TimeSpan.FromMilliseconds(ticks * 10);
    }
}
