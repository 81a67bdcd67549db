using Sluice.Authoring.Bundles;
using Sluice.Core.Dags;
using Sluice.Scheduler.DagProcessing;

namespace Sluice.Authoring.Tests.Processing;

public sealed class DagProcessorTests
{
    private const string Good = """
        Dag.Define("good", dag =>
        {
            dag.Schedule = Schedule.Daily;
            dag.StartDate = Date.Of(2021, 2, 5);
            dag.Run("count", async ctx => { await Task.Yield(); return 1; });
        });
        """;

    [Fact]
    public async Task A_file_becomes_its_dags_and_a_bundle_that_defines_them_again()
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync("team/good.cs", "#:property Nullable=enable\nConsole.WriteLine(\"not a frame\");\n" + Good);

        Assert.Empty(file.Problems);
        var spec = DagSpecJson.Deserialize(Assert.Single(file.Dags).Spec);
        Assert.Equal(("good", new SourceLocation("team/good.cs", 3)), (spec.Id.Value, spec.Location));
        var definition = Assert.Single(BundleAssembly.Load(file.Bundle!, new Dictionary<string, string>()));
        Assert.Equal("count", Assert.Single(definition.Spec.Tasks).Id.Value);
        Assert.Matches("^[0-9a-f]{64}$", file.BundleHash);
        Assert.Matches("^[0-9a-f]{64}$", file.ContentHash);
    }

    [Fact]
    public async Task The_same_source_and_variables_give_the_same_bundle()
    {
        const string Source = """
            Dag.Define("by_" + Dag.Variable("team", "none"), dag => dag.Run("a", ctx => 1));
            """;
        await using var folder = new DagFolder();
        folder.Variables["team"] = "x";
        folder.Variables["unread"] = "1";
        var first = await folder.ProcessAsync("a.cs", Source);
        folder.Variables["unread"] = "2";
        var second = await folder.ProcessAsync("a.cs", Source);
        folder.Variables["team"] = "y";
        var third = await folder.ProcessAsync("a.cs", Source);

        Assert.Equal(["team"], first.VariablesRead);
        Assert.Equal(first.BundleHash, second.BundleHash);
        Assert.Equal(first.Bundle, second.Bundle);
        Assert.NotEqual(first.BundleHash, third.BundleHash);
        Assert.Equal(first.ContentHash, third.ContentHash);
        Assert.Contains("by_y", Assert.Single(third.Dags).Spec, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Compile_errors_come_one_by_one_with_line_and_column()
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync("bad.cs", "Dag.Define(\"x\", dag =>\n{\n    dag.Shedule = 1;\n    nonsense();\n});\n");

        Assert.Null(file.Bundle);
        Assert.Equal(2, file.Problems.Count);
        Assert.StartsWith("bad.cs(3,9): CS1061: ", file.Problems[0].Message, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("bad.cs", 4), file.Problems[1].Location);
    }

    /// <summary>The compiler knows what a task returns and what the next one takes.</summary>
    [Theory]
    [InlineData("dag.Run(\"b\", count.Output, (ctx, n) => n.Length);", "CS1061", "'int' does not contain a definition for 'Length'")]
    [InlineData("dag.Run(\"b\", count.Output, (TaskContext ctx, string n) => n);", "CS1503", "TaskOutput<int>")]
    [InlineData("dag.Map(\"b\", names.Items(), (ctx, name) => name / 2);", "CS0019", "'string' and 'int'")]
    [InlineData("TaskOutput<string> text = count.Output;", "CS0029", "TaskOutput<int>")]
    [InlineData("dag.Run(\"b\", parts.Output.Part<int>(\"rows\"), (ctx, rows) => rows.Trim());", "CS1929", "'int'")]
    public async Task An_output_of_another_type_than_the_next_task_takes_is_a_compile_error_with_its_line(string statement, string code, string words)
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync("typed.cs", $$"""
            Dag.Define("typed", dag =>
            {
                var count = dag.Run("count", ctx => 3);
                var names = dag.Run("names", ctx => new List<string> { "a" });
                var parts = dag.Run("parts", ctx => new { Rows = 3 }, task => task.MultipleOutputs = true);
                {{statement}}
            });
            """);

        Assert.Null(file.Bundle);
        var problem = file.Problems[0];
        Assert.Equal(new SourceLocation("typed.cs", 6), problem.Location);
        Assert.StartsWith("typed.cs(6,", problem.Message, StringComparison.Ordinal);
        Assert.Contains(code, problem.Message, StringComparison.Ordinal);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_definition_that_throws_names_its_line_and_the_other_dags_go_on()
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync(
            "throws.cs", "Dag.Define(\"bad\", dag =>\n{\n    var n = int.Parse(\"x\");\n});\n" + Good);

        Assert.Single(file.Dags);
        var problem = Assert.Single(file.Problems);
        Assert.Contains("FormatException", problem.Message, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("throws.cs", 3), problem.Location);
    }

    [Fact]
    public async Task Statements_that_throw_outside_a_definition_are_a_problem_of_the_file()
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync("throws.cs", Good + "\nthrow new InvalidOperationException(\"no list\");\n");

        Assert.Contains("InvalidOperationException: no list", Assert.Single(file.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_without_dags_says_so()
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync("empty.cs", "Console.WriteLine(1);");

        Assert.Contains("defines no Dag", Assert.Single(file.Problems).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Environment.Exit(3);", "ended with exit code 3")]
    [InlineData("int F(int n) => F(n + 1) + 1; F(0);", "overflowed its stack")]
    [InlineData("while (true) { }", "took longer than 12 s")]
    [InlineData("var all = new List<byte[]>(); while (true) { var b = new byte[1 << 20]; Array.Fill(b, (byte)1); all.Add(b); }", "needed more than 384 MiB of memory, the limit for one file")]
    [InlineData("GC.KeepAlive(new byte[int.MaxValue]);", "needed more than 384 MiB of memory, the limit for one file")]
    [InlineData("var pipe = new FileInfo(\"/proc/self/fd/1\").LinkTarget; foreach (var fd in Directory.GetFiles(\"/proc/self/fd\").Where(f => new FileInfo(f).LinkTarget == pipe).ToList()) new Microsoft.Win32.SafeHandles.SafeFileHandle((nint)int.Parse(Path.GetFileName(fd)), true).Dispose(); Thread.Sleep(-1);", "closed its pipe to the scheduler and went on")]
    [InlineData("new Thread(() => throw new InvalidOperationException(\"thread\")).Start(); Thread.Sleep(-1);", "crashed: Unhandled exception")]
    public async Task A_file_that_harms_its_process_costs_one_problem_and_the_next_file_goes_on(string harm, string cause)
    {
        // Only the loop is to meet the limit, however slow the machine is.
        var limit = TimeSpan.FromSeconds(harm.StartsWith("while", StringComparison.Ordinal) ? 12 : 180);
        await using var folder = new DagFolder(new() { TimeLimit = limit, MemoryLimitBytes = 384L << 20 });

        var harmful = await folder.ProcessAsync("harmful.cs", $"Dag.Define(\"x\", dag => {{ {harm} }});");
        var next = await folder.ProcessAsync("good.cs", Good);

        var problem = Assert.Single(harmful.Problems);
        Assert.Contains(cause, problem.Message, StringComparison.Ordinal);
        Assert.Equal("harmful.cs", problem.Location!.File);
        Assert.Empty(next.Problems);
        Assert.Single(next.Dags);
    }

    [Fact]
    public async Task A_file_that_is_gone_is_a_problem()
    {
        await using var client = new DagProcessorClient(new());

        var file = await client.ProcessAsync(Path.GetTempPath(), "nowhere.cs", new Dictionary<string, string>(), CancellationToken.None);

        Assert.Contains("nowhere.cs cannot be read", Assert.Single(file.Problems).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_missing_processor_is_an_error_that_names_its_path()
    {
        await using var client = new DagProcessorClient(new() { AssemblyPath = "/nowhere/Sluice.DagProcessor.dll" });

        var error = await Assert.ThrowsAsync<FileNotFoundException>(() =>
            client.ProcessAsync("/", "a.cs", new Dictionary<string, string>(), CancellationToken.None));

        Assert.Contains("/nowhere/Sluice.DagProcessor.dll", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a.Then(b).Then(a);", "a -> b -> a", 5)]
    [InlineData("dag.Run(\"a\", ctx => 3);", "\"a\" is defined twice", 7)]
    [InlineData("dag.Run(\"no/slash\", ctx => 3);", "holds '/'", 7)]
    [InlineData("dag.Schedule = Schedule.Cron(\"0 25 * * *\");", "0 25 * * *", 1)]
    [InlineData("dag.Schedule = Schedule.Daily; dag.StartDate = null;", "no start date", 1)]
    [InlineData("for (var i = 0; i < 20_000; i++) dag.Run($\"t{i}\", ctx => i);", "20002 tasks", 1)]
    public async Task A_dag_that_cannot_be_is_a_problem_with_its_line(string statement, string words, int line)
    {
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync("wrong.cs", $$"""
            Dag.Define("wrong", dag =>
            {
                dag.StartDate = Date.Of(2021, 2, 5);

                var a = dag.Run("a", ctx => 1);
                var b = dag.Run("b", ctx => 2);
                {{statement}}
            });
            """);

        Assert.Empty(file.Dags);
        var problem = Assert.Single(file.Problems);
        Assert.Contains(words, problem.Message, StringComparison.Ordinal);
        Assert.Equal(new SourceLocation("wrong.cs", line), problem.Location);
    }

    [Fact]
    public async Task A_dag_has_a_version_that_moving_its_lines_does_not_change()
    {
        await using var folder = new DagFolder();

        var before = await folder.ProcessAsync("good.cs", Good);
        var after = await folder.ProcessAsync("good.cs", "\n\n" + Good);

        Assert.Equal(before.Dags[0].Version, after.Dags[0].Version);
        Assert.NotEqual(before.BundleHash, after.BundleHash);
    }

    [Fact]
    public async Task The_schedulers_own_environment_is_not_shown_to_dag_files()
    {
        Environment.SetEnvironmentVariable("SLUICE_TEST_SECRET", "s3cret");
        await using var folder = new DagFolder();

        var file = await folder.ProcessAsync(
            "peek.cs", "Dag.Define(\"peek_\" + (Environment.GetEnvironmentVariable(\"SLUICE_TEST_SECRET\") ?? \"nothing\"), dag => dag.Run(\"a\", ctx => 1));");

        Assert.Contains("peek_nothing", Assert.Single(file.Dags).Spec, StringComparison.Ordinal);
    }
}
