using System.Text.Json;
using System.Text.RegularExpressions;
using Sluice.Core.TaskInstances;

namespace Sluice.Cli.Tests;

/// <summary>One Dag for each feature, in examples/dags/features: all are checked, and run once as their author would.</summary>
public sealed class FeatureExamplesTests
{
    /// <summary>Those that need more than this process, with the reason.</summary>
    private static readonly Dictionary<string, string> NotRunHere = new(StringComparer.Ordinal)
    {
        ["assets_watch"] = "watches for ever",
        ["incremental_yaml"] = "reads from a database",
        ["assets_watch_yaml"] = "watches for ever",
    };

    [Fact]
    public void Each_feature_is_there_in_csharp_and_in_yaml()
    {
        var files = Directory.GetFiles(Examples.Features).Select(Path.GetFileName).ToList();
        var inCode = files.Where(file => file!.EndsWith(".cs", StringComparison.Ordinal)).Select(file => file![..^3]);
        var inYaml = files.Where(file => Path.GetExtension(file) is ".yaml" or ".yml").ToList();

        // branching.cs and branching_yaml.yaml
        Assert.All(inYaml, file => Assert.EndsWith("_yaml.yaml", file, StringComparison.Ordinal));
        Assert.Equal(inCode.Order(StringComparer.Ordinal), inYaml.Select(file => file![..^10]).Order(StringComparer.Ordinal));
    }

    /// <summary>Both halves of a pair say the same: what one uses of the language of Dags the other uses, too, by its own names.</summary>
    [Theory]
    // In C#, in YAML.
    [InlineData("depends_on_past", "WaitForDownstream DependsOnPast", "wait_for_downstream depends_on_past")]
    [InlineData("mapping", "MultipleOutputs Cross Zip OverArguments Where( filter: MapGroup", "multiple_outputs env:.*N zip expand_kwargs filter: map: group:")]
    [InlineData("cross_dag", "LatestWithin CheckExistence ExternalTaskGroupId SkippedStates FailedStates SkipWhenAlreadyExists ResetDagRun FailWhenDagIsPaused WaitForCompletion ExecutionDelta", "latest_within check_existence external_task_group_id skipped_states failed_states skip_when_already_exists reset_dag_run fail_when_dag_is_paused wait_for_completion execution_delta")]
    [InlineData("schedules", "MON-FRI.*SAT FRI#2 WithSeconds EveryMonths Every(TimeSpan Continuous Once At(\"0.*12 WithInterval RunImmediately EndDate", "MON-FRI.*SAT FRI#2 seconds: every_months every: continuous once at:.*12 interval: run_immediately: end_date")]
    [InlineData("limits_in_time", "DagRunTimeout ExecutionTimeout FailFast LogicalDate AverageRuntime StartDate", "dagrun_timeout execution_timeout fail_fast logical_date average_runtime start_date")]
    [InlineData("business_calendar", "Cron(.*Calendar(\"holidays.ics Previous DagRunTimeout EndDate", "cron:.*holidays.ics previous dagrun_timeout end_date")]
    [InlineData("sensors", "ExponentialBackoff MaxWait SilentFail SoftFail NeverFail Reschedule Async", "exponential_backoff max_wait silent_fail soft_fail never_fail reschedule async")]
    [InlineData("renamed", "RenamedFrom", "renamed_from")]
    [InlineData("renamed_task", "Group RenamedFrom", "group: renamed_from")]
    public async Task A_pair_shows_the_same(string feature, string inCode, string inYaml)
    {
        foreach (var (file, words) in new[] { ($"{feature}.cs", inCode), ($"{feature}_yaml.yaml", inYaml) })
        {
            var text = await File.ReadAllTextAsync(Path.Combine(Examples.Features, file));
            Assert.All(words.Split(' '), word => Assert.Matches(string.Join(".*", word.Split(".*").Select(Regex.Escape)), text));
        }
    }

    [Fact]
    public async Task Every_trigger_rule_is_written_out()
    {
        foreach (var rule in Enum.GetValues<TriggerRule>())
        {
            Assert.Contains($"TriggerRule.{rule},", await File.ReadAllTextAsync(Path.Combine(Examples.Features, "trigger_rules.cs")), StringComparison.Ordinal);
            Assert.Contains(
                $"trigger_rule: {JsonNamingPolicy.SnakeCaseLower.ConvertName(rule.ToString())}}}", await File.ReadAllTextAsync(Path.Combine(Examples.Features, "trigger_rules_yaml.yaml")), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_feature_has_examples_without_problems_that_run()
    {
        var check = await ToolRun.OfAsync("dags", "check", Examples.Features, "--json");
        Assert.True(check.Code == 0, check.ToString());
        using var found = JsonDocument.Parse(check.Out);
        var dags = found.RootElement.GetProperty("dags").EnumerateArray().ToList();
        Assert.NotEmpty(dags);

        foreach (var dag in dags)
        {
            var id = dag.GetProperty("dag_id").GetString()!;
            if (NotRunHere.ContainsKey(id))
            {
                continue;
            }

            // The file alone: reading all of them for each would take long.
            var run = await ToolRun.OfAsync("dags", "test", id, "2026-10-01", "--dag-folder", dag.GetProperty("file").GetString()!, "--json");
            Assert.True(run.Code == 0, $"{id}: {run}");
        }
    }
}
