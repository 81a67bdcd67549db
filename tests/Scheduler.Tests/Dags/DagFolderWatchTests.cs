using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Extensions.Logging.Abstractions;
using Sluice.Actors;
using Sluice.Scheduler.Bundles;
using Sluice.Scheduler.DagProcessing;
using Sluice.Scheduler.Dags;
using Sluice.Storage.Secrets;

namespace Sluice.Scheduler.Tests.Dags;

/// <summary>A real folder with real notices and real child processes.</summary>
public sealed class DagFolderWatchTests : IAsyncLifetime
{
    private const string Loops = "while (true) { }";

    private readonly string _home = Directory.CreateTempSubdirectory("sluice-watch").FullName;
    private readonly ConcurrentQueue<object> _told = [];
    private readonly DagProcessorClient _processor = new(new() { TimeLimit = TimeSpan.FromMinutes(10) });
    private ActorSystem _system = null!;

    private string Folder => Path.Combine(_home, "dags");

    public Task InitializeAsync()
    {
        Directory.CreateDirectory(Folder);
        _system = new("test", new ThreadPoolDispatcher(), TimeProvider.System, NullLoggerFactory.Instance);
        return Task.CompletedTask;
    }

    public async Task DisposeAsync()
    {
        await _system.DisposeAsync();
        await _processor.DisposeAsync();
        TemporaryFolder.Delete(_home);
    }

    [Fact]
    public async Task A_saved_file_is_imported_long_before_the_next_look()
    {
        Write("a.cs", Dag("before"));
        Watch(TimeSpan.FromHours(1));
        await ImportedAsync("before");

        Write("a.cs", Dag("after"));
        await ImportedAsync("after");
    }

    [Fact]
    public async Task A_template_file_that_is_written_or_changed_imports_its_Dag_again()
    {
        Write("a.cs", "Dag.Define(\"a\", dag => dag.Add(\"x\", new ShellOperator { Script = \"hello.sh\" }));");
        Watch(TimeSpan.FromHours(1));
        await UntilAsync(() => _told.Any(told => told is FileProcessed { File.Problems.Count: 1 }));

        Write("hello.sh", "echo first");
        await UntilAsync(() => Holds("echo first"));
        Write("hello.sh", "echo second one");
        await UntilAsync(() => Holds("echo second one"));

        bool Holds(string text) => _told.Any(told => told is FileProcessed processed && processed.File.Dags.Any(dag => dag.Spec.Contains(text, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task New_folders_moved_ones_and_deleted_files_are_noticed()
    {
        Watch(TimeSpan.FromHours(1));
        await UntilAsync(() => _told.Any(told => told is FolderListed));

        Directory.CreateDirectory(Path.Combine(_home, "team"));
        File.WriteAllText(Path.Combine(_home, "team", "b.cs"), Dag("b"));
        Directory.Move(Path.Combine(_home, "team"), Path.Combine(Folder, "team"));
        await ImportedAsync("b");

        File.Delete(Path.Combine(Folder, "team", "b.cs"));
        await UntilAsync(() => _told.Any(told => told is FileGone { File: "team/b.cs" }));
    }

    [Fact]
    public async Task A_folder_that_is_a_link_is_followed_when_it_is_turned_to_another_version()
    {
        Directory.Delete(Folder);
        foreach (var version in new[] { "one", "second" })
        {
            Directory.CreateDirectory(Path.Combine(_home, version));
            File.WriteAllText(Path.Combine(_home, version, "a.cs"), Dag("of_" + version));
        }

        Directory.CreateSymbolicLink(Folder, Path.Combine(_home, "one"));
        Watch(TimeSpan.FromHours(1));
        await ImportedAsync("of_one");

        Directory.Delete(Folder);
        Directory.CreateSymbolicLink(Folder, Path.Combine(_home, "second"));
        await ImportedAsync("of_second");

        Write("a.cs", Dag("of_three"));
        await ImportedAsync("of_three");
    }

    [Fact]
    public async Task Files_that_loop_do_not_hold_up_the_others()
    {
        Write("a_loops.cs", Loops);
        Write("b_loops.cs", Loops);
        for (var i = 0; i < 5; i++)
        {
            Write($"good{i}.cs", Dag($"good{i}"));
        }

        Watch(TimeSpan.FromHours(1));
        for (var i = 0; i < 5; i++)
        {
            await ImportedAsync($"good{i}");
        }

        Assert.DoesNotContain(_told, told => told is FileProcessed { File.File: "a_loops.cs" or "b_loops.cs" });
    }

    private static string Dag(string id) => $"Dag.Define(\"{id}\", dag => dag.Run(\"a\", ctx => 1));";

    private void Write(string file, string content) => File.WriteAllText(Path.Combine(Folder, file), content);

    private void Watch(TimeSpan scanEvery)
    {
        var store = new ObservedStore(new SimulationDispatcher(1));
        var box = new SecretBox(SecretKeys.LoadOrCreate(Path.Combine(_home, "key")));
        var folder = Props.Create(() => new DagFolderActor(
            Folder, scanEvery, FolderWatch.TryStart, _processor, new BundleShelf(store.Bundles, box),
            _ => Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>())));
        _system.Spawn(Props.Create(() => new Parent(folder, _told)).WithSupervision(SupervisionStrategy.Stop), "parent");
    }

    // Long before the next look, which is in an hour.
    private Task ImportedAsync(string dag) => UntilAsync(() => _told.Any(told =>
        told is FileProcessed processed && processed.File.Dags.Any(found => found.Spec.Contains($"\"id\":\"{dag}\"", StringComparison.Ordinal))));

    private async Task UntilAsync(Func<bool> holds)
    {
        var started = Stopwatch.GetTimestamp();
        while (!holds())
        {
            Assert.True(
                Stopwatch.GetElapsedTime(started) < TimeSpan.FromMinutes(2),
                "It did not happen; what did: " + string.Join("; ", _told.Select(told => told is FileProcessed p ? string.Join(' ', p.File.Problems) : told.ToString())));
            await Task.Delay(10);
        }
    }

    private sealed class Parent(Props child, ConcurrentQueue<object> told) : Actor
    {
        protected override ValueTask PreStartAsync()
        {
            Context.Spawn(child, "folder");
            return ValueTask.CompletedTask;
        }

        protected override ValueTask ReceiveAsync(object message)
        {
            told.Enqueue(message);
            return ValueTask.CompletedTask;
        }
    }
}
