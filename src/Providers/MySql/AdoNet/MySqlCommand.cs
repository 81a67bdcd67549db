using System.Data;
using System.Data.Common;
using System.Diagnostics.CodeAnalysis;
using Sluice.Providers.MySql.Sessions;

namespace Sluice.Providers.MySql.AdoNet;

/// <summary>One statement, or several separated by semicolons, with <c>@name</c> parameters.</summary>
/// <remarks>Parameters become literals, escaped by the rules of the session; they stand where MySQL takes a value, never for a name.</remarks>
public sealed class MySqlCommand : DbCommand
{
    private readonly MySqlParameterCollection _parameters = [];
    private MySqlConnection? _connection;
    private CancellationTokenSource? _running;

    /// <summary>Without text and connection.</summary>
    public MySqlCommand()
    {
    }

    /// <summary>With its text and its connection.</summary>
    public MySqlCommand(string text, MySqlConnection connection)
    {
        CommandText = text;
        _connection = connection;
    }

    /// <inheritdoc/>
    [AllowNull]
    public override string CommandText { get; set; } = "";

    /// <summary>Seconds until the statement is stopped on the server. Default: 0, without limit, since moving rows takes its time.</summary>
    public override int CommandTimeout { get; set; }

    /// <inheritdoc/>
    public override CommandType CommandType
    {
        get => CommandType.Text;
        set
        {
            if (value != CommandType.Text)
            {
                throw new NotSupportedException("Write a stored procedure as CALL name(@a, @b).");
            }
        }
    }

    /// <inheritdoc/>
    public override bool DesignTimeVisible { get; set; }

    /// <inheritdoc/>
    public override UpdateRowSource UpdatedRowSource { get; set; }

    /// <summary>The values.</summary>
    public new MySqlParameterCollection Parameters => _parameters;

    /// <summary>The id that AUTO_INCREMENT gave in the last statement run; 0 when none.</summary>
    public ulong LastInsertedId { get; private set; }

    /// <inheritdoc/>
    protected override DbConnection? DbConnection
    {
        get => _connection;
        set => _connection = (MySqlConnection?)value;
    }

    /// <inheritdoc/>
    protected override DbParameterCollection DbParameterCollection => _parameters;

    /// <inheritdoc/>
    protected override DbTransaction? DbTransaction { get; set; }

    /// <summary>Stops the running statement on the server; it fails with error 1317.</summary>
    public override void Cancel()
    {
        try
        {
            _running?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended.
        }
    }

    /// <inheritdoc/>
    public override int ExecuteNonQuery() => Run(NonQuery, CancellationToken.None);

    /// <inheritdoc/>
    public override Task<int> ExecuteNonQueryAsync(CancellationToken cancellationToken) => Blocking.RunAsync(() => Run(NonQuery, cancellationToken));

    /// <inheritdoc/>
    public override object? ExecuteScalar()
    {
        using var reader = ExecuteReader();
        return reader.Read() ? reader.GetValue(0) : null;
    }

    /// <inheritdoc/>
    public override Task<object?> ExecuteScalarAsync(CancellationToken cancellationToken) =>
        Blocking.RunAsync(() => Run(
            session =>
            {
                using var reader = Reader(session, CommandBehavior.SingleRow);
                return reader.Read() ? reader.GetValue(0) : null;
            },
            cancellationToken));

    /// <summary>Does nothing: values go with the text, there is no statement to prepare on the server.</summary>
    public override void Prepare()
    {
    }

    /// <inheritdoc/>
    protected override DbParameter CreateDbParameter() => new MySqlParameter();

    /// <inheritdoc/>
    protected override DbDataReader ExecuteDbDataReader(CommandBehavior behavior) =>
        Run(session => Reader(session, behavior), CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task<DbDataReader> ExecuteDbDataReaderAsync(CommandBehavior behavior, CancellationToken cancellationToken) =>
        await Blocking.RunAsync(() => Run(session => Reader(session, behavior), cancellationToken)).ConfigureAwait(false);

    private int NonQuery(MySqlSession session)
    {
        Send(session);
        var affected = -1L;
        do
        {
            using var rows = session.UseResult();
            if (rows is null && session.AffectedRows >= 0)
            {
                affected = Math.Max(affected, 0) + session.AffectedRows;
                LastInsertedId = session.LastInsertId;
            }
        }
        while (session.NextResult());
        return (int)Math.Min(affected, int.MaxValue);
    }

    private MySqlDataReader Reader(MySqlSession session, CommandBehavior behavior)
    {
        Send(session);
        var reader = new MySqlDataReader(_connection!, session, behavior);
        _connection!.ActiveReader = reader;
        return reader;
    }

    private void Send(MySqlSession session) => session.Query(MySqlText.Bind(session, CommandText, _parameters.ToValues()).Span, several: true);

    private T Run<T>(Func<MySqlSession, T> calls, CancellationToken cancellationToken)
    {
        var session = (_connection ?? throw new InvalidOperationException("The command has no connection.")).Session;
        if (_connection.ActiveReader is not null)
        {
            throw new InvalidOperationException("The connection has an open reader: MySQL sends one result at a time; close the reader first.");
        }

        using var running = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        if (CommandTimeout > 0)
        {
            running.CancelAfter(TimeSpan.FromSeconds(CommandTimeout));
        }

        _running = running;
        try
        {
            return MySqlInterrupt.Run(session, () => calls(session), running.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new MySqlException(
                CommandTimeout > 0 ? $"The statement took longer than {CommandTimeout} seconds (CommandTimeout), or was cancelled." : "The statement was cancelled.",
                1317,
                "70100");
        }
        catch (OperationCanceledException)
        {
            throw new OperationCanceledException(cancellationToken);
        }
        finally
        {
            _running = null;
        }
    }
}
