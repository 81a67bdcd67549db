using System.Globalization;
using System.Reflection;

namespace Sluice.Cli.Demo;

/// <summary>One day's weather.</summary>
internal sealed record WeatherDay(string Date, double Precipitation, double TempMax, double TempMin, double Wind, string Weather);

/// <summary>What the demo ships: the weather of Seattle 2012 to 2015 (examples/data/README.md), and the Dag that moves it.</summary>
internal static class WeatherData
{
    public const string DagFile = "weather_to_warehouse.cs";

    /// <summary>All days, oldest first.</summary>
    /// <exception cref="FormatException">The shipped file is not what it should be.</exception>
    public static IReadOnlyList<WeatherDay> Read()
    {
        var lines = Text("seattle-weather.csv").ReplaceLineEndings("\n").TrimEnd('\n').Split('\n');
        return lines[0] == "date,precipitation,temp_max,temp_min,wind,weather"
            ? [.. lines.Skip(1).Select(Parse)]
            : throw new FormatException("The weather data does not begin with the columns that the demo knows.");
    }

    /// <summary>A shipped file.</summary>
    public static string Text(string name)
    {
        using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private static WeatherDay Parse(string line)
    {
        var fields = line.Split(',');
        return fields.Length == 6
            ? new(fields[0], Number(fields[1]), Number(fields[2]), Number(fields[3]), Number(fields[4]), fields[5])
            : throw new FormatException($"The weather data has a line that is no day: {line}");
    }

    private static double Number(string text) => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture);
}
