using Sluice.Cli.Demo;

namespace Sluice.Cli.Tests.Demo;

public sealed class WeatherDataTests
{
    [Fact]
    public void Four_years_of_days_are_shipped_without_a_gap()
    {
        var days = WeatherData.Read();

        Assert.Equal(Enumerable.Range(0, 1461).Select(day => new DateOnly(2012, 1, 1).AddDays(day).ToString("yyyy-MM-dd")), days.Select(day => day.Date));
        Assert.All(days, day => Assert.InRange(day.TempMin, -30, day.TempMax));
    }

    [Fact]
    public void The_production_database_holds_what_was_shipped()
    {
        using var folder = new TemporaryFolder("sluice-cli-");
        var path = folder["production.db"];
        var days = WeatherData.Read();

        DemoDatabases.FillProduction(path, days);
        DemoDatabases.FillProduction(path, days);

        Assert.Equal(days, DemoDatabases.InProduction(path, "2012-01-01", "2016-01-01"));
        Assert.Equal(31, DemoDatabases.InProduction(path, "2012-01-01", "2012-02-01").Count);
    }
}
