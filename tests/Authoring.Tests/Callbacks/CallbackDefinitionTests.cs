using Sluice.Authoring.Bundles;
using Sluice.Authoring.Callbacks;
using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Yaml;
using Sluice.Core.Callbacks;
using Sluice.Core.DagRuns;
using Sluice.Core.Dags;

namespace Sluice.Authoring.Tests.Callbacks;

public sealed class CallbackDefinitionTests
{
    [Fact]
    public void A_task_takes_the_innermost_defaults_for_each_event_it_says_nothing_about()
    {
        var dag = Define(dag =>
        {
            dag.Defaults.OnFailure(_ => { }).OnRetry(_ => { });
            dag.Run("bare", _ => { });
            dag.Run("own", _ => { }).OnFailure(Slack("a")).OnFailure(Slack("b")).OnSuccess(async _ => await Task.Yield());
            dag.Group("g", g =>
            {
                g.Defaults.OnFailure(Slack("g"));
                g.Run("inner", _ => { });
            });
            dag.OnSuccess(_ => { });
            dag.OnFailure(Slack("run"));
            dag.CallbackTimeout = TimeSpan.FromSeconds(5);
        }).Spec;

        Assert.Equal(
            ["on_failure Code {} on_retry Code {}", "on_success Code {} on_failure SlackNotifier {a} on_failure SlackNotifier {b} on_retry Code {}", "on_failure SlackNotifier {g} on_retry Code {}"],
            dag.Tasks.Select(task => Shown(task.Callbacks)));
        Assert.Equal("on_success Code {} on_failure SlackNotifier {run}", Shown(dag.Callbacks));
        Assert.Equal(dag.CallbackTimeout, CallbackSpec.TaskFor(dag, new() { EventId = "1", On = default, Callback = 0, State = "", At = default }).ExecutionTimeout);
    }

    [Fact]
    public void Yaml_gives_notifiers_to_tasks_and_runs_and_every_mistake_has_its_line()
    {
        var found = Load("""
            dag_id: d
            callback_timeout: 5s
            on_failure_callback: [{notifier: SlackNotifier, url: "http://x/run"}]
            default_args:
              on_retry_callback: [{notifier: WebhookNotifier, connection_id: hook, headers: {X: "1"}}]
            tasks:
              - {id: t, operator: EmptyOperator, on_failure_callback: [{notifier: SlackNotifier, url: "http://x/t"}, {notifier: SlackNotifier, url: "http://x/u"}]}
            """);

        Assert.Empty(found.Problems);
        var dag = Assert.Single(found.Dags).Spec;
        Assert.Equal("on_failure SlackNotifier {run}", Shown(dag.Callbacks));
        Assert.Equal("on_failure SlackNotifier {t} on_failure SlackNotifier {u} on_retry WebhookNotifier {\"connection_id\":\"hook\",\"headers\":{\"X\":\"1\"}}", Shown(dag.Tasks[0].Callbacks));
        Assert.Equal(TimeSpan.FromSeconds(5), dag.CallbackTimeout);

        (string Line, string Says)[] mistakes =
        [
            ("on_failure_callback: [{notifier: PagerNotifier}]", "There is no notifier 'PagerNotifier'; known: EmailNotifier, SlackNotifier, WebhookNotifier."),
            ("on_failure_callback: [{url: x}]", "notifier"),
            ("on_failure_callback: [{notifier: SlackNotifier, url: x, uri: y}]", "uri"),
            ("on_failure_callback: [{notifier: SlackNotifier}]", "needs a url or a connection_id"),
            ("on_success_callback: [{notifier: SlackNotifier, url: x, connection_id: y}]", "has both"),
            ("callback_timeout: 0s", "callback timeout is 00:00:00; it must be positive"),
            ("on_retry_callback: [{notifier: SlackNotifier, url: x}]", "on_retry_callback"), // of tasks only
        ];
        foreach (var (line, says) in mistakes)
        {
            Assert.Contains(says, Assert.Single(Load($"dag_id: d\n{line}\ntasks: [{{id: t, operator: EmptyOperator}}]").Problems).ToString(), StringComparison.Ordinal);
        }

        Assert.Contains("WebhookNotifier", Assert.Single(Load("dag_id: d\ntasks: [{id: t, operator: WebhookNotifier}]").Problems).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Deadlines_have_callbacks_of_their_own_in_code_and_in_yaml()
    {
        var code = Define(dag =>
        {
            dag.Run("t", _ => { });
            dag.OnFailure(Slack("run"));
            dag.Deadline("silent", DeadlineReference.LogicalDate);
            dag.Deadline("early", DeadlineReference.QueuedAt, TimeSpan.FromMinutes(-5), Slack("a"), Slack("b"));
            dag.Deadline("code", DeadlineReference.QueuedAt, TimeSpan.FromHours(1), ctx => ctx.Log($"{ctx.Deadline} {ctx.DeadlineDue}"));
            dag.Deadline("async", DeadlineReference.QueuedAt, TimeSpan.FromHours(1), async _ => await Task.Yield());
        }).Spec;
        Assert.Equal(
            ["on_failure  SlackNotifier", "on_deadline_missed early SlackNotifier", "on_deadline_missed early SlackNotifier", "on_deadline_missed code Code", "on_deadline_missed async Code"],
            code.Callbacks!.Select(callback => $"{callback.On.Name()} {callback.Deadline} {callback.Notifier}"));
        Assert.Equal(["silent", "early", "code", "async"], code.Deadlines!.Select(deadline => deadline.Name));

        var found = Load("""
            dag_id: d
            deadlines:
              - {name: silent, reference: logical_date}
              - {name: early, reference: queued_at, before: 5m, on_missed_callback: [{notifier: SlackNotifier, url: "http://x/a"}, {notifier: SlackNotifier, url: "http://x/b"}]}
            tasks: [{id: t, operator: EmptyOperator}]
            """);
        Assert.Empty(found.Problems);
        var yaml = Assert.Single(found.Dags).Spec;
        Assert.Equal(code.Callbacks!.Skip(1).Take(2), yaml.Callbacks);
        Assert.Equal(code.Deadlines!.Take(2), yaml.Deadlines);

        (string Deadline, string Says)[] mistakes =
        [
            ("{name: a, reference: queued_at, on_missed_callback: [{notifier: PagerNotifier}]}", "There is no notifier 'PagerNotifier'"),
            ("{name: a, reference: queued_at, on_missed_callback: [{notifier: SlackNotifier}]}", "The on_deadline_missed callback of Dag 'd': SlackNotifier needs a url or a connection_id."),
            ("{name: a, reference: queued_at, on_missed_callback: [{notifier: SlackNotifier, url: x, uri: y}]}", "SlackNotifier in on_missed_callback: "),
            ("{name: a, reference: queued_at, on_missed: [{notifier: SlackNotifier, url: x}]}", "on_missed"),
        ];
        foreach (var (deadline, says) in mistakes)
        {
            Assert.Contains(says, Assert.Single(Load($"dag_id: d\ndeadlines: [{deadline}]\ntasks: [{{id: t, operator: EmptyOperator}}]").Problems).ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_test_run_tells_of_deadlines_that_count_from_its_beginning()
    {
        var told = new List<string>();
        var dag = Define(dag =>
        {
            dag.Run("t", _ => { });
            dag.Deadline("calendar", DeadlineReference.LogicalDate, default, ctx => told.Add(ctx.Deadline!));
            dag.Deadline("past", DeadlineReference.QueuedAt, TimeSpan.FromMinutes(-1), ctx => told.Add($"{ctx.Event} {ctx.Deadline} {ctx.DeadlineDue!.Value < DateTimeOffset.UtcNow} {ctx.Summary}"));
            dag.Deadline("later", DeadlineReference.QueuedAt, TimeSpan.FromHours(1), ctx => told.Add(ctx.Deadline!));
        });
        var output = new StringWriter();
        var options = new TestRunOptions { Interval = TestInterval.Of(dag.Spec, Date.Of(2021, 2, 6), DateTimeOffset.UnixEpoch), Output = output };

        Assert.Equal(RunState.Success, (await new DagTestRun(dag, Providers, options).RunAsync(CancellationToken.None)).State);

        Assert.StartsWith("on_deadline_missed past True d in run test__", Assert.Single(told), StringComparison.Ordinal);
        Assert.Contains("missed the deadline \"past\": it should have been over by", told[0], StringComparison.Ordinal);
        Assert.Contains("d: missed the deadline \"past\"", output.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_notifier_is_no_task() => Assert.Contains(
        "is a notifier; give it to OnFailure", Assert.Single(Collect(dag => dag.Add("t", Slack("x"))).Check(new()).Problems).Message, StringComparison.Ordinal);

    [Fact]
    public async Task A_test_run_calls_back_where_it_is_and_goes_on_when_that_fails()
    {
        var told = new List<string>();
        var dag = Define(dag =>
        {
            dag.Run("t", ctx => ctx.TryNumber == 1 ? throw new InvalidOperationException("no") : 1)
                .OnExecute(ctx => told.Add($"{ctx.Event} {ctx.TaskId} {ctx.TryNumber} {ctx.State}"))
                .OnRetry(ctx => told.Add(ctx.Summary))
                .OnSuccess(_ => throw new InvalidOperationException("nobody home"))
                .Retries = 1;
            dag.OnSuccess(ctx => told.Add($"{ctx.Event} {ctx.DagId} {ctx.TaskId} {ctx.State}"));
        });
        var output = new StringWriter();
        var options = new TestRunOptions { Interval = TestInterval.Of(dag.Spec, Date.Of(2021, 2, 6), DateTimeOffset.UnixEpoch), Output = output };

        var result = await new DagTestRun(dag, Providers, options).RunAsync(CancellationToken.None);

        Assert.Equal(RunState.Success, result.State);
        Assert.Equal(4, told.Count);
        Assert.Equal(("on_execute t 1 running", "on_execute t 2 running", "on_success d  success"), (told[0], told[2], told[3]));
        Assert.Matches("^d\\.t in run test__.* will be tried again: .*no$", told[1]);
        Assert.Contains("[t] on_success callback: failed: InvalidOperationException: nobody home", output.ToString(), StringComparison.Ordinal);
    }

    private static ProviderCatalog Providers { get; } = ProviderDiscovery.Load();

    private static SlackNotifier Slack(string path) => new() { Url = $"http://x/{path}" };

    private static string Shown(IReadOnlyList<CallbackSpec>? callbacks) => string.Join(
        ' ', (callbacks ?? []).Select(callback => $"{callback.On.Name()} {callback.Notifier} {callback.Arguments.Replace("\"url\":\"http://x/", "", StringComparison.Ordinal).Replace("\"}", callback.Arguments.Contains("http://x/", StringComparison.Ordinal) ? "}" : "\"}", StringComparison.Ordinal)}"));

    private static CheckedDags Load(string text) => YamlDags.Load(text, "x.yaml", Providers);

    private static DagCollector Collect(Action<DagBuilder> configure)
    {
        var collector = new DagCollector(Providers, _ => null);
        collector.Collect(() => Dag.Define("d", configure));
        return collector;
    }

    private static DagDefinition Define(Action<DagBuilder> configure) => Assert.Single(Collect(configure).Check(new()).Dags);
}
