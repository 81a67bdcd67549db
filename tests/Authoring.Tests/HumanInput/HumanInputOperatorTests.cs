using Sluice.Authoring.Dags;
using Sluice.Authoring.Hooks;
using Sluice.Authoring.HumanInput;
using Sluice.Authoring.Operators;
using Sluice.Authoring.Testing;
using Sluice.Authoring.Tests.Dags;
using Sluice.Authoring.Tests.Execution;
using Sluice.Authoring.Yaml;
using Sluice.Core.DagRuns;
using Sluice.Core.HumanInput;
using Sluice.Core.TaskInstances;

namespace Sluice.Authoring.Tests.HumanInput;

public sealed class HumanInputOperatorTests
{
    [Fact]
    public async Task An_attempt_ends_with_its_question_rendered()
    {
        var approval = await new Attempts().RunAsync(new ApprovalOperator { Subject = "Load {{ params.table }}?", AssignedUsers = ["{{ params.table }}_owner"], Timeout = TimeSpan.FromHours(1) });
        Assert.Equal(OutcomeKind.Asked, approval.Kind);
        Assert.Equal(("Load nps?", "nps_owner", "Approve Reject", "Reject", Rejection.SkipDirect, TimeSpan.FromHours(1)), (
            approval.Question!.Subject, approval.Question.Assignees.Single(), string.Join(' ', approval.Question.Options), approval.Question.Rejecting, approval.Question.OnReject, approval.Question.Timeout));

        var strict = await new Attempts().RunAsync(new ApprovalOperator { Subject = "?", FailOnReject = true, IgnoreDownstreamTriggerRules = true });
        Assert.Equal(Rejection.Fail, strict.Question!.OnReject);

        var form = await new Attempts().RunAsync(new HitlOperator { Subject = "?", Params = { ["table"] = "{{ params.table }}" }, Options = ["{{ params.table }}", "none"], Defaults = ["nps"] });
        Assert.Equal(("nps none", "nps", """{"table":"nps"}""", null), (string.Join(' ', form.Question!.Options), form.Question.Defaults.Single(), form.Question.Params, form.Question.Rejecting));

        // What only rendering shows.
        var wrong = await new Attempts().RunAsync(new HitlOperator { Subject = "?", Options = ["{{ params.table }}"], Defaults = ["none"] });
        Assert.Equal((OutcomeKind.FailedFinally, "defaults: 'none' is no option; choose from: nps."), (wrong.Kind, wrong.Error));
    }

    [Fact]
    public void A_question_that_cannot_be_asked_is_refused_when_the_dag_is_defined()
    {
        (Operator Operator, string Says)[] rows =
        [
            (new ApprovalOperator(), "subject is missing"),
            (new ApprovalOperator { Subject = "?", Defaults = ["Maybe"] }, "defaults: 'Maybe' is no option; choose from: Approve, Reject."),
            (new HitlOperator { Subject = "?", Options = [] }, "options must name at least one option"),
            (new HitlOperator { Subject = "?", Timeout = TimeSpan.FromHours(-1) }, "timeout is -01:00:00"),
            (new HitlOperator { Subject = "?", ParamsSchema = { ["n"] = new Dictionary<string, object> { ["type"] = "nonsense" } } }, "the schema of param \"n\""),
        ];
        foreach (var (op, says) in rows)
        {
            var problem = Assert.Single(Definitions.Collect(dag => dag.Add("wrong", op)).Problems);
            Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_test_run_asks_nobody_and_says_what_it_answers()
    {
        (string[] Given, string[] Defaults, RunState Ends, TaskState After, string Says)[] rows =
        [
            ([], [], RunState.Success, TaskState.Success, "answers Approve (its first option; choose another by --answer 'ask=Reject')"),
            ([], ["Reject"], RunState.Success, TaskState.Skipped, "answers Reject (its default)"),
            (["reject"], [], RunState.Success, TaskState.Skipped, "answers Reject (as given)"),
            (["Approve"], ["Reject"], RunState.Success, TaskState.Success, "answers Approve (as given)"),
            (["Perhaps"], [], RunState.Failed, TaskState.Skipped, "the answer to ask cannot be taken: 'Perhaps' is no option; choose from: Approve, Reject."),
        ];
        foreach (var (given, defaults, ends, after, says) in rows)
        {
            var output = new StringWriter();
            var dag = Definitions.Define(dag => dag.Add("ask", new ApprovalOperator { Subject = "Go on?", Defaults = [.. defaults] }).Then(dag.Run("after", ctx => { })));
            var options = new TestRunOptions
            {
                Interval = new(Definitions.Noon, Definitions.Noon),
                Output = output,
                Answers = given.Length == 0 ? new Dictionary<string, IReadOnlyList<string>>() : new() { ["ask"] = given },
            };

            var result = await new DagTestRun(dag, Definitions.Catalog, options).RunAsync(CancellationToken.None);

            Assert.Equal((ends, after), (result.State, result.Tasks[new("after")]));
            Assert.Contains(says, output.ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Yaml_knows_every_argument()
    {
        var catalog = new ProviderCatalog();
        catalog.AddOperator<ApprovalOperator>();
        catalog.AddOperator<HitlOperator>();
        var found = YamlDags.Load("""
            dag_id: asks
            tasks:
              - {id: a, operator: ApprovalOperator, subject: "Go?", body: why, defaults: [Approve], assigned_users: [ann], timeout: 2h, ignore_downstream_trigger_rules: true}
              - {id: b, operator: HitlOperator, subject: "Which?", options: [x, y], multiple: true, on_timeout: skip, timeout: 1h, params: {n: 1}, params_schema: {n: {type: integer}}}
            """, "x.yaml", catalog);

        Assert.Empty(found.Problems);
        var dag = Assert.Single(found.Dags);
        var approval = Assert.IsType<ApprovalOperator>(dag.CreateOperator(new("a")));
        Assert.Equal(("Go?", "why", "Approve", "ann", TimeSpan.FromHours(2), true), (
            approval.Subject, approval.Body, approval.Defaults.Single(), approval.AssignedUsers.Single(), approval.Timeout, approval.IgnoreDownstreamTriggerRules));
        var choice = Assert.IsType<HitlOperator>(dag.CreateOperator(new("b")));
        Assert.Equal(("x y", true, QuestionTimeout.Skip), (string.Join(' ', choice.Options), choice.Multiple, choice.OnTimeout));
        Assert.Equal(("1", "n"), (choice.Params["n"]!.ToString(), choice.ParamsSchema.Keys.Single()));
    }
}
