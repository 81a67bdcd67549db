using Sluice.Cluster.Configuration;

namespace Sluice.Cluster.Tests.Configuration;

public sealed class HelpTests
{
    [Fact]
    public void The_help_of_every_role_fits_80_columns_and_names_every_setting()
    {
        foreach (var settings in new[] { Roles.Seed, Roles.Scheduler, Roles.Worker, Roles.Up })
        {
            var help = SettingReader.Help("sluice role", string.Join(' ', Enumerable.Repeat("words", 30)), settings);

            Assert.All(help.Split(Environment.NewLine), line => Assert.True(line.Length <= 80 && line == line.TrimEnd(), line));
            Assert.All(settings, setting => Assert.Contains($"  {setting.Flag} ", help, StringComparison.Ordinal));
        }
    }
}
