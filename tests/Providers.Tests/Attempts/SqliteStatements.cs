using System.Runtime.InteropServices;

namespace Sluice.Providers.Tests.Attempts;

/// <summary>Sees every statement that SQLite is about to run in this process, keeps what a process that is killed there would leave, and may kill or stop this one.</summary>
internal static partial class SqliteStatements
{
    private const uint TraceStatement = 1;

    private static AttemptJob? _job;
    private static int _seen;

    /// <summary>Watches the connections that are opened from now on.</summary>
    internal static unsafe void Watch(AttemptJob job)
    {
        if (job.AtStatement == 0 && job.Traces is null)
        {
            return;
        }

        _job = job;
        if (sqlite3_auto_extension((nint)(delegate* unmanaged[Cdecl]<nint, nint, nint, int>)&OnOpen) != 0)
        {
            throw new InvalidOperationException("SQLite takes no extension.");
        }
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static unsafe int OnOpen(nint database, nint error, nint routines) =>
        sqlite3_trace_v2(database, TraceStatement, (nint)(delegate* unmanaged[Cdecl]<uint, nint, nint, nint, int>)&OnStatement, 0);

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static int OnStatement(uint kind, nint context, nint statement, nint sql)
    {
        _seen++;
        if (_job!.Traces is { } folder)
        {
            File.WriteAllText(Path.Combine(folder, $"{_seen}.sql"), Marshal.PtrToStringUTF8(sql));
            foreach (var ending in (string[])["", "-wal"])
            {
                var database = _job.Connections["db"]["sqlite://".Length..] + ending;
                if (File.Exists(database))
                {
                    File.Copy(database, Path.Combine(folder, $"{_seen}.db{ending}"));
                }
            }
        }

        if (_seen == _job.AtStatement)
        {
            _ = kill(Environment.ProcessId, _job.Signal);
        }

        return 0;
    }

    [LibraryImport("e_sqlite3")]
    private static partial int sqlite3_auto_extension(nint entry);

    [LibraryImport("e_sqlite3")]
    private static partial int sqlite3_trace_v2(nint database, uint mask, nint callback, nint context);

    [LibraryImport("libc")]
    private static partial int kill(int process, int signal);
}
