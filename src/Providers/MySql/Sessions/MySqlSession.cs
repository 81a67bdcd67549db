using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;
using Sluice.Authoring.Rows;
using Sluice.Providers.MySql.Native;

namespace Sluice.Providers.MySql.Sessions;

/// <summary>One connection of libmariadb. Every call blocks; one caller at a time, except for <see cref="Abort"/> and <see cref="InterruptOn"/>.</summary>
internal sealed unsafe class MySqlSession : IDisposable
{
    private const nuint MultiResults = 1 << 17;
    private const int MultiStatementsOn = 0;
    private const int MultiStatementsOff = 1;
    private const int DuplicateCloseOnExec = 1030;
    private const int SetDescriptorFlags = 2;
    private const int CloseOnExec = 1;
    private const int ShutdownBoth = 2;
    private const int Peek = 2;
    private const int DoNotWait = 64;
    private const int NothingYet = 11; // EAGAIN

    // Milliseconds in which a server that is writing a row has more of it on its way, however busy its machine is.
    private const int MostSilence = 5000;
    private const int SilenceStep = 10;

    // Seconds for which a reader may take no rows, since whoever takes them from it is slow or held back, before the server gives it up.
    private const int LongestStop = 3600;

    // Seconds for which a session may do nothing, since other readers of its snapshot still read.
    private const int LongestPause = 86_400;

    private const int UnknownTimeZone = 1298;

    private static readonly Lazy<int> Library = new(() => LibMariaDb.mysql_server_init(0, null, null));

    private readonly Lock _gate = new();
    private readonly MySqlSettings _settings;
    private nint _mysql;
    private int _socket = -1;
    private bool _multiStatements;

    private MySqlSession(MySqlSettings settings, nint mysql)
    {
        _settings = settings;
        _mysql = mysql;
    }

    /// <summary>The server's id of this connection, for KILL.</summary>
    public ulong ThreadId { get; private set; }

    public string ServerVersion { get; private set; } = "";

    /// <summary>The TLS cipher; null when the connection is not encrypted.</summary>
    public string? Cipher { get; private set; }

    /// <summary>True when the connection was lost or aborted: only <see cref="Dispose"/> is left.</summary>
    public bool IsBroken { get; private set; }

    public MySqlSettings Settings => _settings;

    /// <summary>Connects and logs in.</summary>
    public static MySqlSession Open(MySqlSettings settings)
    {
        try
        {
            _ = Library.Value;
        }
        catch (DllNotFoundException)
        {
            throw new MySqlException(
                "MySQL needs the library libmariadb.so.3, which is not installed: run 'apt-get install libmariadb3' on every worker.", 0, "HY000");
        }

        var mysql = LibMariaDb.mysql_init(0);
        if (mysql == 0)
        {
            throw new MySqlException("libmariadb could not allocate a connection: out of memory.", 2008, "HY001");
        }

        var session = new MySqlSession(settings, mysql);
        try
        {
            session.Connect();
            return session;
        }
        catch
        {
            session.Dispose();
            throw;
        }
    }

    /// <summary>Sends one statement, or several when <paramref name="several"/>, and waits for the first answer.</summary>
    public void Query(ReadOnlySpan<byte> sql, bool several = false)
    {
        Check(several == _multiStatements ? 0 : LibMariaDb.mysql_set_server_option(_mysql, several ? MultiStatementsOn : MultiStatementsOff));
        _multiStatements = several;
        fixed (byte* text = sql)
        {
            Check(LibMariaDb.mysql_real_query(_mysql, text, (nuint)sql.Length));
        }
    }

    /// <summary>The columns of a query that is not run.</summary>
    public MySqlColumn[] Describe(ReadOnlySpan<byte> sql)
    {
        using var statement = Prepare(sql);
        return statement.Columns;
    }

    /// <summary>Sends one statement without running it.</summary>
    public MySqlStatement Prepare(ReadOnlySpan<byte> sql) => MySqlStatement.Prepare(this, _mysql, sql);

    /// <summary>The rows of the current answer, unread; null when it has none (an UPDATE).</summary>
    public MySqlRows? UseResult()
    {
        var result = LibMariaDb.mysql_use_result(_mysql);
        if (result != 0)
        {
            return new MySqlTextRows(this, result);
        }

        if (LibMariaDb.mysql_field_count(_mysql) != 0)
        {
            throw Error();
        }

        return null;
    }

    /// <summary>Moves to the answer of the next statement.</summary>
    /// <returns>False when there is none.</returns>
    public bool NextResult()
    {
        var status = LibMariaDb.mysql_next_result(_mysql);
        return status switch
        {
            0 => true,
            -1 => false,
            _ => throw Error(),
        };
    }

    /// <summary>Rows changed by the current answer; -1 when it tells none.</summary>
    public long AffectedRows => unchecked((long)LibMariaDb.mysql_affected_rows(_mysql));

    public ulong LastInsertId => LibMariaDb.mysql_insert_id(_mysql);

    /// <summary>Writes text between quotes so that no character ends it, whatever the session's charset and sql_mode say.</summary>
    public void Escape(ReadOnlySpan<byte> utf8, ArrayBufferWriter<byte> into)
    {
        var room = into.GetSpan((2 * utf8.Length) + 1);
        fixed (byte* to = room)
        fixed (byte* from = utf8)
        {
            // An empty span has no address, and the library wants one.
            into.Advance(utf8.IsEmpty ? 0 : checked((int)LibMariaDb.mysql_real_escape_string(_mysql, to, from, (nuint)utf8.Length)));
        }
    }

    /// <summary>True when a backslash in a string is only a backslash (sql_mode NO_BACKSLASH_ESCAPES).</summary>
    public bool BackslashIsPlain()
    {
        var probe = new ArrayBufferWriter<byte>();
        Escape("\\"u8, probe);
        return probe.WrittenCount == 1;
    }

    /// <summary>The last error of the library as an exception; after it, a lost connection is known as broken.</summary>
    public MySqlException Error()
    {
        var error = new MySqlException(
            Text(LibMariaDb.mysql_error(_mysql)), (int)LibMariaDb.mysql_errno(_mysql), Text(LibMariaDb.mysql_sqlstate(_mysql)));
        IsBroken |= error.IsConnectionLost || error.Number == MySqlException.PacketTooLarge; // of a packet the rest is still on its way
        return error.IsConnectionLost
            ? new($"The connection to MySQL at {_settings.Place} was lost: {error.Message}.", error.Number, error.SqlState!)
            : error;
    }

    /// <summary>True when the server was in the middle of saying something when the library gave the connection up. Waits a moment for a slow server to go on.</summary>
    public bool WasCutOff()
    {
        for (var silence = 0; silence < MostSilence; silence += SilenceStep)
        {
            if (IsMoreSaid() is { } said)
            {
                return said;
            }

            Thread.Sleep(SilenceStep);
        }

        return false;
    }

    // Null: not yet. A connection that is lost says so at once.
    private bool? IsMoreSaid()
    {
        const int Much = 4096;
        lock (_gate)
        {
            if (_socket < 0)
            {
                return false;
            }

            // Our own descriptor still stands when the library has closed its.
            var peeked = stackalloc byte[Much];
            var read = LibMariaDb.recv(_socket, peeked, Much, Peek | DoNotWait);
            return read == Much ? true : read > 0 || (read < 0 && Marshal.GetLastPInvokeError() == NothingYet) ? null : false;
        }
    }

    public bool HasError => LibMariaDb.mysql_errno(_mysql) != 0;

    /// <summary>While the returned scope lives, cancelling stops the running statement on the server.</summary>
    public MySqlInterrupt InterruptOn(CancellationToken cancellationToken) => new(this, cancellationToken);

    /// <summary>Breaks the connection under a call that waits; that call then fails as if the server had gone.</summary>
    public void Abort()
    {
        lock (_gate)
        {
            IsBroken = true;
            if (_socket >= 0)
            {
                _ = LibMariaDb.shutdown(_socket, ShutdownBoth);
            }
        }
    }

    public void Dispose()
    {
        if (_mysql == 0)
        {
            return;
        }

        LibMariaDb.mysql_close(_mysql);
        _mysql = 0;
        lock (_gate)
        {
            if (_socket >= 0)
            {
                _ = LibMariaDb.close(_socket);
                _socket = -1;
            }
        }
    }

    internal static string Text(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    private void Connect()
    {
        SetOptions();
        var useSocket = _settings.Socket is not null;
        var connected = LibMariaDb.mysql_real_connect(
            _mysql, useSocket ? null : _settings.Host, _settings.User, _settings.Password, _settings.Database,
            useSocket ? 0 : (uint)_settings.Port, _settings.Socket, MultiResults);
        if (connected == 0)
        {
            var error = Error();
            throw new MySqlException(
                $"Cannot connect to MySQL at {_settings.Place}: {Text(LibMariaDb.mysql_error(_mysql))}.", error.Number, error.SqlState!);
        }

        SetUp();

        // Our own descriptor of the same socket: the library may close its own at any time, and the number may then be another file's.
        var socket = LibMariaDb.mysql_get_socket(_mysql);
        _ = LibMariaDb.fcntl(socket, SetDescriptorFlags, CloseOnExec);
        _socket = LibMariaDb.fcntl(socket, DuplicateCloseOnExec, 0);
        if (!useSocket)
        {
            SocketKeepAlive.Set(_socket);
        }

        ThreadId = LibMariaDb.mysql_thread_id(_mysql);
        ServerVersion = Text(LibMariaDb.mysql_get_server_info(_mysql));
        var cipher = LibMariaDb.mysql_get_ssl_cipher(_mysql);
        Cipher = cipher is null ? null : Text(cipher);
        if (Cipher is null && _settings.SslMode >= MySqlSslMode.Required)
        {
            throw new MySqlException($"Cannot connect to MySQL at {_settings.Place}: ssl_mode asks for TLS, which the server does not offer.", 2026, "HY000");
        }
    }

    // Whatever init_connect or the server's settings have made of the session. All in one statement: it costs a round trip.
    private void SetUp()
    {
        // A TIMESTAMP is a moment; the server shows it in the session's zone, in which an hour of autumn comes twice.
        var zone = _settings.TimeZone is { } given ? $", time_zone = '{given}'" : "";
        try
        {
            Query(Encoding.UTF8.GetBytes(
                $"SET NAMES utf8mb4, sql_select_limit = {ulong.MaxValue}, net_write_timeout = {LongestStop}, wait_timeout = {LongestPause}{zone}"));
        }
        catch (MySqlException e) when (e.Number == UnknownTimeZone)
        {
            throw new MySqlException($"MySQL at {_settings.Place} does not know the time_zone {_settings.TimeZone} of the connection: {e.Message}.", e.Number, e.SqlState!);
        }
    }

    private void SetOptions()
    {
        var off = 0u;
        var on = (byte)1;
        var tcp = 1u;
        var seconds = (uint)_settings.ConnectTimeout.TotalSeconds;
        _ = LibMariaDb.mysql_options(_mysql, MySqlOption.ConnectTimeout, &seconds);
        _ = LibMariaDb.mysql_options(_mysql, MySqlOption.CharacterSet, "utf8mb4");

        // The library holds one row whole; without this a single one could take a gigabyte.
        var largest = (nuint)RowLimits.LargestRow;
        _ = LibMariaDb.mysql_options(_mysql, MySqlOption.MaxAllowedPacket, &largest);

        // A server must not be able to ask for files of this machine.
        _ = LibMariaDb.mysql_options(_mysql, MySqlOption.LocalInFile, &off);
        if (_settings.Socket is null)
        {
            // "localhost" means the port given, never a socket file that happens to be there.
            _ = LibMariaDb.mysql_options(_mysql, MySqlOption.Protocol, &tcp);
        }

        if (_settings.ReadTimeout > TimeSpan.Zero)
        {
            var silence = (uint)_settings.ReadTimeout.TotalSeconds;
            _ = LibMariaDb.mysql_options(_mysql, MySqlOption.ReadTimeout, &silence);
        }

        if (_settings.SslMode == MySqlSslMode.Disabled)
        {
            return;
        }

        _ = LibMariaDb.mysql_options(_mysql, MySqlOption.SslEnforce, &on);
        SetPath(MySqlOption.SslAuthority, _settings.SslAuthority);
        SetPath(MySqlOption.SslCertificate, _settings.SslCertificate);
        SetPath(MySqlOption.SslKey, _settings.SslKey);
        var verify = _settings.SslMode == MySqlSslMode.Verify ? (byte)1 : (byte)0;
        _ = LibMariaDb.mysql_options(_mysql, MySqlOption.VerifyServerCertificate, &verify);
    }

    private void SetPath(MySqlOption option, string? path)
    {
        if (path is not null)
        {
            _ = LibMariaDb.mysql_options(_mysql, option, path);
        }
    }

    private void Check(int status)
    {
        if (status != 0)
        {
            throw Error();
        }
    }
}
