using Sluice.Core.Dags;
using Sluice.Core.Params;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Processing;

public sealed class ParamSchemaTests
{
    [Theory]
    [InlineData("features/params_schema.cs")]
    [InlineData("features/params_schema_yaml.yaml")]
    public async Task The_examples_hold_conf_to_the_same_rules(string example)
    {
        await using var client = new DagProcessorClient(new());
        var file = await client.ProcessAsync(ExampleDagTests.Folder, example, new Dictionary<string, string>(), CancellationToken.None);

        Assert.Empty(file.Problems);
        var dag = DagSpecJson.Deserialize(Assert.Single(file.Dags).Spec);
        Assert.Null(ParamRules.Refuse(dag, "{}"));
        Assert.Null(ParamRules.Refuse(dag, """{"region": "busan", "limit": 1000}"""));
        Assert.Equal($"Dag '{dag.Id}' cannot run with this conf: param \"limit\" is 0; it must be at least 1.", ParamRules.Refuse(dag, """{"limit": 0}"""));
        Assert.Contains("must be one of \"seoul\", \"busan\", \"jeju\"", ParamRules.Refuse(dag, """{"region": "tokyo"}"""), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("dag.ParamSchema(\"n\", \"{\");", "The schema of param 'n' is not JSON")]
    [InlineData("dag.ParamSchema(\"n\", \"{\\\"type\\\": \\\"int\\\"}\");", "the schema of param \"n\" has the type \"int\"")]
    [InlineData("dag.Params[\"n\"] = 0; dag.ParamSchema(\"n\", \"{\\\"minimum\\\": 1}\");", "the default of param \"n\" is 0; it must be at least 1")]
    [InlineData("dag.Schedule = Schedule.Daily; dag.StartDate = Date.Of(2021, 2, 5); dag.ParamSchema(\"n\", \"{}\");", "param \"n\" has no default")]
    public async Task What_is_wrong_with_a_schema_is_an_import_error(string statement, string words)
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync("a.cs", $"Dag.Define(\"a\", dag => {{ {statement} dag.Run(\"t\", ctx => 1); }});");

        Assert.Contains(words, Assert.Single(file.Problems).Message, StringComparison.Ordinal);
    }
}
