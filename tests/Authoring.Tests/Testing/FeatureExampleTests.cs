using System.Text;
using Sluice.Authoring.Bundles;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Tests.Processing;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Testing;

/// <summary>What the tasks of examples/dags/features end as, where that is the point of the feature.</summary>
public sealed class FeatureExampleTests
{
    private static readonly string Folder = Path.Combine(ExampleDagTests.Folder, "features");

    private const string Rules =
        "choose=success good=success skipped=skipped bad=failed make=success all_success=success all_failed=success all_done=success all_done_min_one_success=success "
        + "all_done_setup_success=success one_success=success one_failed=success one_done=success none_failed=success none_failed_min_one_success=success none_skipped=success "
        + "all_skipped=success always=success";

    private static readonly Dictionary<string, string> Expected = new(StringComparer.Ordinal)
    {
        ["branching.cs"] = "choose=success small=skipped large.split=success large.load=success join=success is_live=success only_the_latest=success tell_people=success",
        ["branching_yaml.yaml"] = "choose=success small=skipped large.load=success join=success is_large=success tell_people=skipped only_the_latest=success refresh_dashboard=success",
        ["setup_teardown.cs"] = "create_cluster=success load=success report=success delete_cluster=success",
        ["setup_teardown_yaml.yaml"] = "create_table=success fill=success drop_table=success",
        ["retries.cs"] = "third_time_lucky=success no_file_today=skipped asks_for_a_minute=success",
        ["retries_yaml.yaml"] = "second_time_lucky=success",
        ["mapping.cs"] = "list_files=success measure[0]=success measure[1]=success measure[2]=skipped measure[3]=success total=success "
            + "cross[0]=success cross[1]=success cross[2]=success cross[3]=success cross[4]=success cross[5]=success "
            + "pairs[0]=success pairs[1]=success pairs[2]=success shout[0]=success shout[1]=success read[0]=success read[1]=success read[2]=skipped read[3]=success by_arguments[0]=success by_arguments[1]=success "
            + "table.load[0]=success table.load[1]=success table.load[2]=success table.load[3]=success "
            + "table.check[0]=success table.check[1]=success table.check[2]=success table.check[3]=success all_tables=success nothing=skipped parts=success use_parts=success",
        ["mapping_yaml.yaml"] = "list_names=success greet[0]=success greet[1]=success cross[0]=success cross[1]=success cross[2]=success cross[3]=success cross[4]=success cross[5]=success "
            + "nothing=skipped parts=success use_parts=success pairs[0]=success pairs[1]=success by_arguments[0]=success by_arguments[1]=success some[0]=skipped some[1]=success "
            + "table.load[0]=success table.load[1]=success table.check[0]=success table.check[1]=success done=success",
        ["templates.cs"] = "query=success own=success neighbours=success",
        ["templates_yaml.yaml"] = "query=success loop=success",
        ["cross_dag.cs"] = "upstream=success yesterday=success latest=success week=success load=success once=success again=success",
        ["cross_dag_yaml.yaml"] = "upstream=success yesterday=success latest=success group=success load=success again=success",
        ["approvals.cs"] = "count=success confirm=success limits=skipped publish=skipped tidy_up=success",
        ["approvals_yaml.yaml"] = "confirm=success which=success delete=success",
        ["callbacks.cs"] = "second_time_lucky=success nothing_to_do=skipped tells_a_webhook=success",
        ["callbacks_yaml.yaml"] = "hello=success",
        ["deadlines.cs"] = "load=success",
        ["deadlines_yaml.yaml"] = "load=success",
        ["depends_on_past.cs"] = "load=success check=success",
        ["depends_on_past_yaml.yaml"] = "load=success check=success",
        ["trigger_rules.cs"] = Rules,
        ["trigger_rules_yaml.yaml"] = Rules,
        ["renamed.cs"] = "load=success",
        ["renamed_yaml.yaml"] = "load=success",
    };

    /// <summary>What tasks with several outputs push, each under its own key, and what the next one makes of it.</summary>
    private static readonly Dictionary<string, string> Outputs = new(StringComparer.Ordinal)
    {
        ["mapping.cs"] = "parts.rows=3 parts.path=\"x\" use_parts.return_value=\"3_rows_in_x\"",
        ["mapping_yaml.yaml"] = "parts.rows=3 parts.path=\"x\" use_parts.return_value=\"3_rows_in_x\"",
    };

    [Fact]
    public async Task A_feature_ends_its_tasks_as_it_says()
    {
        await using var client = new DagProcessorClient(new());
        using var unpacked = new TemporaryFolder("sluice-unpacked-");
        var providers = ProviderDiscovery.Load();
        foreach (var (file, wanted) in Expected)
        {
            var processed = await client.ProcessAsync(Folder, file, new Dictionary<string, string>(), CancellationToken.None);
            Assert.True(processed.Problems.Count == 0, $"{file}: {string.Join('\n', processed.Problems)}");
            var spec = DagSpecJson.Deserialize(Assert.Single(processed.Dags).Spec);
            var dag = processed.Bundle is { } bundle
                ? Assert.Single(BundleAssembly.Load(bundle, new Dictionary<string, string>(), providers, unpacked[file.Replace('/', '-')])) with { Spec = spec }
                : DagDefinition.OfBuiltIns(spec, providers);
            var output = new StringWriter(new StringBuilder());
            var options = new TestRunOptions { Interval = TestInterval.Of(dag.Spec, Date.Of(2021, 2, 6), DateTimeOffset.UnixEpoch), Output = output };

            var result = await new DagTestRun(dag, providers, options).RunAsync(CancellationToken.None);

            Assert.True(result.State == RunState.Success, $"{file}\n{output}");
            var states = result.Tasks.ToDictionary(task => task.Key.Value, task => Core.TaskInstances.TaskStateNames.Name(task.Value));
            var expected = wanted.Split(' ').Select(part => part.Split('=')).ToDictionary(part => part[0], part => part[1]);
            Assert.True(
                expected.OrderBy(task => task.Key, StringComparer.Ordinal).SequenceEqual(states.OrderBy(task => task.Key, StringComparer.Ordinal)),
                $"{file}: {string.Join(' ', states.Select(task => $"{task.Key}={task.Value}"))}\n{output}");
            foreach (var pushed in Outputs.GetValueOrDefault(file, "").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            {
                var (key, value) = (pushed.Split('=')[0].Split('.'), pushed.Split('=')[1].Replace('_', ' '));
                Assert.Equal(value, result.XComs[(new(key[0]), key[1])]);
            }
        }
    }
}
