using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;

namespace Sluice.Architecture.Tests;

/// <summary>Core decides; it does not look at the clock, touch the world, wait, or roll dice. Read from what its compiled code refers to.</summary>
public sealed class PureCoreTests
{
    /// <summary>Types that Core's code may not refer to, by full name or by namespace and dot; with why.</summary>
    private static readonly (string Type, string Why)[] ForbiddenTypes =
    [
        ("System.Diagnostics.Stopwatch", "a clock"),
        ("System.Threading.Timer", "a clock"),
        ("System.Threading.PeriodicTimer", "a clock"),
        ("System.Threading.Tasks.", "waiting"),
        ("System.Runtime.CompilerServices.AsyncTaskMethodBuilder", "waiting"),
        ("System.Runtime.CompilerServices.AsyncValueTaskMethodBuilder", "waiting"),
        ("System.Threading.Thread", "threads"),
        ("System.Threading.ThreadPool", "threads"),
        ("System.Threading.Channels.", "threads"),
        ("System.Random", "randomness"),
        ("System.Security.Cryptography.RandomNumberGenerator", "randomness"),
        ("System.IO.File", "I/O"),
        ("System.IO.FileInfo", "I/O"),
        ("System.IO.FileStream", "I/O"),
        ("System.IO.Directory", "I/O"),
        ("System.IO.DirectoryInfo", "I/O"),
        ("System.IO.DriveInfo", "I/O"),
        ("System.IO.RandomAccess", "I/O"),
        ("System.IO.Pipes.", "I/O"),
        ("System.IO.MemoryMappedFiles.", "I/O"),
        ("System.Net.", "I/O"),
        ("System.Console", "I/O"),
        ("System.Diagnostics.Process", "I/O"),
        ("System.Data.", "I/O"),
        ("Microsoft.Extensions.Logging.", "a logger"),
        ("NodaTime.SystemClock", "a clock"),
    ];

    private static readonly (string Type, string Member, string Why)[] ForbiddenMembers =
    [
        ("System.DateTime", "get_Now", "a clock"),
        ("System.DateTime", "get_UtcNow", "a clock"),
        ("System.DateTime", "get_Today", "a clock"),
        ("System.DateTimeOffset", "get_Now", "a clock"),
        ("System.DateTimeOffset", "get_UtcNow", "a clock"),
        ("System.TimeProvider", "get_System", "a clock"),
        ("System.Environment", "get_TickCount", "a clock"),
        ("System.Environment", "get_TickCount64", "a clock"),
        ("System.Environment", "GetEnvironmentVariable", "I/O"),
        ("System.Environment", "get_MachineName", "I/O"),
        ("System.TimeZoneInfo", "get_Local", "the machine's zone"),
        ("System.Guid", "NewGuid", "randomness"),
        ("System.Guid", "CreateVersion7", "randomness and a clock"),
    ];

    [Fact]
    public void Core_has_no_clock_no_io_no_tasks_and_no_randomness()
    {
        var (types, members) = References(Path.Combine(AppContext.BaseDirectory, "Sluice.Core.dll"));

        Assert.Empty(Forbidden(types, members));
    }

    [Fact]
    public void The_check_finds_what_it_looks_for()
    {
        // This assembly itself does what Core must not.
        _ = DateTime.UtcNow + TimeSpan.FromMilliseconds(Random.Shared.Next());
        _ = Task.CompletedTask;
        _ = File.Exists(Guid.NewGuid().ToString());

        var (types, members) = References(typeof(PureCoreTests).Assembly.Location);
        var found = Forbidden(types, members).ToList();

        Assert.Contains("System.Random: randomness", found);
        Assert.Contains("System.IO.File: I/O", found);
        Assert.Contains("System.Threading.Tasks.Task: waiting", found);
        Assert.Contains("System.DateTime.get_UtcNow: a clock", found);
        Assert.Contains("System.Guid.NewGuid: randomness", found);
    }

    private static IEnumerable<string> Forbidden(IReadOnlyCollection<string> types, IReadOnlyCollection<(string Type, string Member)> members) =>
    [
        .. from type in types
           from rule in ForbiddenTypes
           where rule.Type.EndsWith('.') ? type.StartsWith(rule.Type, StringComparison.Ordinal) : type.Split('`')[0] == rule.Type
           select $"{type}: {rule.Why}",
        .. from member in members
           from rule in ForbiddenMembers
           where member.Type == rule.Type && member.Member == rule.Member
           select $"{rule.Type}.{rule.Member}: {rule.Why}",
    ];

    private static (IReadOnlyCollection<string> Types, IReadOnlyCollection<(string Type, string Member)> Members) References(string assembly)
    {
        using var file = File.OpenRead(assembly);
        using var image = new PEReader(file);
        var metadata = image.GetMetadataReader();
        var types = metadata.TypeReferences.Select(handle => FullName(metadata, handle)).ToHashSet(StringComparer.Ordinal);
        var members = metadata.MemberReferences.Select(metadata.GetMemberReference)
            .Where(member => member.Parent.Kind == HandleKind.TypeReference)
            .Select(member => (FullName(metadata, (TypeReferenceHandle)member.Parent), metadata.GetString(member.Name)))
            .ToHashSet();
        return (types, members);
    }

    private static string FullName(MetadataReader metadata, TypeReferenceHandle handle)
    {
        var type = metadata.GetTypeReference(handle);
        return $"{metadata.GetString(type.Namespace)}.{metadata.GetString(type.Name)}";
    }
}
