using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Sluice.Providers.MySql.Sessions;

namespace Sluice.Providers.MySql.AdoNet;

/// <summary>A connection to MySQL or MariaDB through libmariadb. Not thread-safe and not pooled; a session lives as long as the connection is open.</summary>
/// <remarks>Connection string: <c>Server</c>, <c>Port</c>, <c>User ID</c>, <c>Password</c>, <c>Database</c>, and the extras of a <c>mysql://</c> URI by their names.</remarks>
public sealed class MySqlConnection : DbConnection
{
    private string _connectionString = "";
    private MySqlSettings? _settings;
    private MySqlSession? _session;

    /// <summary>Without a connection string, to be set before opening.</summary>
    public MySqlConnection()
    {
    }

    /// <summary>With a connection string.</summary>
    public MySqlConnection(string connectionString) => ConnectionString = connectionString;

    /// <inheritdoc/>
    [AllowNull]
    public override string ConnectionString
    {
        // Whoever logs it must not log the password.
        get => State == ConnectionState.Closed ? _connectionString : WithoutPassword(_connectionString);
        set
        {
            if (State != ConnectionState.Closed)
            {
                throw new InvalidOperationException("The connection string cannot change while the connection is open.");
            }

            _connectionString = value ?? "";
            _settings = null;
        }
    }

    /// <inheritdoc/>
    public override string Database => _settings?.Database ?? "";

    /// <inheritdoc/>
    public override string DataSource => _settings is { } settings ? $"{settings.Host}:{settings.Port}" : "";

    /// <inheritdoc/>
    public override string ServerVersion => Session.ServerVersion;

    /// <summary>The TLS cipher in use; null when the connection is not encrypted.</summary>
    public string? TlsCipher => Session.Cipher;

    /// <inheritdoc/>
    public override ConnectionState State => _session is null ? ConnectionState.Closed : _session.IsBroken ? ConnectionState.Broken : ConnectionState.Open;

    /// <inheritdoc/>
    protected override DbProviderFactory DbProviderFactory => MySqlFactory.Instance;

    internal MySqlSession Session => _session ?? throw new InvalidOperationException("The connection is not open.");

    internal MySqlTransaction? Transaction { get; set; }

    /// <summary>The reader whose rows are still on their way; until it is closed nothing else can be sent.</summary>
    internal MySqlDataReader? ActiveReader { get; set; }

    /// <inheritdoc/>
    public override void Open()
    {
        Prepare();
        _session = MySqlSession.Open(_settings!);
        OnStateChange(new(ConnectionState.Closed, ConnectionState.Open));
    }

    /// <inheritdoc/>
    public override async Task OpenAsync(CancellationToken cancellationToken)
    {
        Prepare();
        _session = await Blocking.OpenAsync(_settings!, cancellationToken).ConfigureAwait(false);
        OnStateChange(new(ConnectionState.Closed, ConnectionState.Open));
    }

    /// <inheritdoc/>
    public override void Close()
    {
        if (_session is not { } session)
        {
            return;
        }

        ActiveReader?.Close();
        var before = State;
        _session = null;
        Transaction = null;

        // The server rolls back what is open.
        session.Dispose();
        OnStateChange(new(before, ConnectionState.Closed));
    }

    /// <inheritdoc/>
    public override void ChangeDatabase(string databaseName)
    {
        using var command = CreateCommand();
        command.CommandText = $"USE `{databaseName.Replace("`", "``", StringComparison.Ordinal)}`";
        command.ExecuteNonQuery();
        _settings = _settings! with { Database = databaseName };
    }

    /// <inheritdoc/>
    protected override DbTransaction BeginDbTransaction(IsolationLevel isolationLevel)
    {
        if (Transaction is not null)
        {
            throw new InvalidOperationException("The connection has an open transaction; MySQL has no transactions in transactions.");
        }

        var level = isolationLevel switch
        {
            IsolationLevel.Unspecified => null,
            IsolationLevel.ReadUncommitted => "READ UNCOMMITTED",
            IsolationLevel.ReadCommitted => "READ COMMITTED",
            IsolationLevel.RepeatableRead or IsolationLevel.Snapshot => "REPEATABLE READ",
            IsolationLevel.Serializable => "SERIALIZABLE",
            _ => throw new ArgumentException($"MySQL has no isolation level {isolationLevel}.", nameof(isolationLevel)),
        };
        if (level is not null)
        {
            Send($"SET TRANSACTION ISOLATION LEVEL {level}");
        }

        Send(isolationLevel == IsolationLevel.Snapshot ? "START TRANSACTION WITH CONSISTENT SNAPSHOT" : "START TRANSACTION");
        return Transaction = new(this, isolationLevel);
    }

    /// <inheritdoc/>
    protected override DbCommand CreateDbCommand() => new MySqlCommand { Connection = this };

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
        }

        base.Dispose(disposing);
    }

    internal void Send(string sql)
    {
        using var command = CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string WithoutPassword(string connectionString)
    {
        var builder = new DbConnectionStringBuilder { ConnectionString = connectionString };
        builder.Remove("Password");
        builder.Remove("Pwd");
        return builder.ConnectionString;
    }

    private void Prepare()
    {
        if (State != ConnectionState.Closed)
        {
            throw new InvalidOperationException("The connection is open already.");
        }

        _settings ??= MySqlSettings.From(_connectionString);
    }
}
