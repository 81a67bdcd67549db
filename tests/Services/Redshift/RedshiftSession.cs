using Sluice.Services.Redshift.Copying;
using Sluice.Services.Redshift.Sql;
using Sluice.Services.Redshift.Unloading;
using Sluice.Services.Redshift.Wire;

namespace Sluice.Services.Redshift;

/// <summary>One client's session: its statements go to a PostgreSQL session of its own, translated, or are run here.</summary>
internal sealed class RedshiftSession(RedshiftServer server, WireStream client, Backend backend, string database, string user, int pid)
{
    private readonly Dictionary<string, Statement> _statements = [];
    private readonly Dictionary<string, Statement> _portals = [];
    private readonly Queue<char> _expected = []; // messages that PostgreSQL has not answered yet
    private CancellationTokenSource _running = new();
    private CancellationToken _stopping;
    private bool _failed; // everything up to the next Sync is passed over

    public Translator Translator { get; } = new();

    public RedshiftFaults Faults => server.Faults;

    public RedshiftSettings Settings => server.Settings;

    public S3Server S3 => server.S3;

    public SystemTables SystemTables => server.SystemTables;

    public string Database => database;

    public string User => user;

    public int Pid => pid;

    /// <summary>A client wants the statement that runs now to end.</summary>
    public void Cancel() => _running.Cancel();

    public int NextQuery() => server.NextQuery();

    public void Notice(string text) => client.Add(WireMessage.Info("INFO:  " + text));

    public Task<List<string?[]>> QueryAsync(string sql, bool withNames = false) => backend.QueryAsync(sql, withNames, _stopping);

    public async Task RunAsync(string sql) => await backend.QueryAsync(sql, withNames: false, _stopping);

    public Task BeginCopyInAsync(string sql) => backend.BeginCopyInAsync(sql, _stopping);

    public Task SendCopyDataAsync(byte[] data) => backend.SendCopyDataAsync(data, _stopping);

    public Task EndCopyInAsync() => backend.EndCopyInAsync(_stopping);

    public Task FailCopyInAsync() => backend.FailCopyInAsync(_stopping);

    /// <summary>Until the client goes.</summary>
    /// <exception cref="DroppedException">The connection is to break.</exception>
    public async Task RunAsync(CancellationToken stopping)
    {
        _stopping = stopping;
        while (await client.ReadAsync(stopping) is { } message && message.Type != 'X')
        {
            switch (message.Type)
            {
                case 'Q':
                    await SimpleAsync(new WireReader(message.Body).Text());
                    break;
                case 'S':
                    await SyncAsync();
                    break;
                case 'H':
                    await DrainAsync();
                    await client.FlushAsync(stopping);
                    break;
                case var _ when !_failed:
                    await TryAsync(() => ExtendedAsync(message));
                    break;
            }
        }
    }

    // The simple protocol: statement after statement, and one ReadyForQuery.
    private async Task SimpleAsync(string sql)
    {
        _failed = false;
        await TryAsync(async () =>
        {
            var any = false;
            foreach (var (text, tokens) in SqlLexer.Split(sql))
            {
                any = true;
                var statement = Translator.Translate(text, tokens);
                await AroundAsync(statement, async () =>
                {
                    if (statement is Statement.Passed passed)
                    {
                        backend.Wire.Add(WireMessage.Query(passed.Text));
                        await backend.Wire.FlushAsync(_stopping);
                        await RelayAsync('Z');
                    }
                    else
                    {
                        client.Add(WireMessage.Complete(await ExecuteHereAsync(statement)));
                    }
                });
                if (_failed)
                {
                    return;
                }
            }

            if (!any)
            {
                client.Add(WireMessage.Empty('I'));
            }
        });
        _failed = false;
        client.Add(WireMessage.Ready(backend.Status));
        await client.FlushAsync(_stopping);
    }

    private async Task SyncAsync()
    {
        await DrainAsync();
        backend.Wire.Add(WireMessage.Empty('S'));
        await backend.Wire.FlushAsync(_stopping);
        await RelayAsync('Z');
        _failed = false;
        client.Add(WireMessage.Ready(backend.Status));
        await client.FlushAsync(_stopping);
    }

    private async Task ExtendedAsync(WireMessage message)
    {
        var reader = new WireReader(message.Body);
        switch (message.Type)
        {
            case 'P':
                await ParseAsync(reader.Text(), reader.Text(), reader);
                break;
            case 'B':
                var portal = reader.Text();
                _portals[portal] = _statements[reader.Text()];
                await AnswerAsync(message, _portals[portal], WireMessage.Empty('2'));
                break;
            case 'D':
                var described = reader.Byte() == 'S' ? _statements[reader.Text()] : _portals[reader.Text()];
                var none = WireMessage.Empty('n');
                await AnswerAsync(message, described, message.Body[0] == 'S' ? [new('t', [0, 0]), none] : [none]);
                break;
            case 'E':
                await ExecuteAsync(message, _portals[reader.Text()]);
                break;
            case 'C':
                var closed = reader.Byte() == 'S' ? _statements : _portals;
                closed.Remove(reader.Text(), out var gone);
                await AnswerAsync(message, gone ?? new Statement.Passed("", ""), WireMessage.Empty('3'));
                break;
            default:
                throw RedshiftException.Unsupported($"the message {message.Type}");
        }
    }

    private async Task ParseAsync(string name, string sql, WireReader rest)
    {
        var parts = SqlLexer.Split(sql).ToList();
        if (parts.Count > 1)
        {
            throw new RedshiftException("cannot insert multiple commands into a prepared statement", "42601");
        }

        var statement = parts.Count == 0 ? new Statement.Passed(sql, "") : Translator.Translate(parts[0].Sql, parts[0].Tokens);
        _statements[name] = statement;
        var translated = statement is Statement.Passed passed
            ? new WireMessage('P', new WireBody().Text(name).Text(passed.Text).Bytes(rest.Rest).ToArray())
            : WireMessage.Empty('P');
        await AnswerAsync(translated, statement, WireMessage.Empty('1'));
    }

    // PostgreSQL answers for its own statements, this server for the others, in the order in which they came.
    private async Task AnswerAsync(WireMessage message, Statement statement, params WireMessage[] here)
    {
        if (statement is Statement.Passed)
        {
            backend.Wire.Add(message);
            _expected.Enqueue(message.Type);
            return;
        }

        await DrainAsync();
        foreach (var answer in here)
        {
            client.Add(answer);
        }
    }

    private async Task ExecuteAsync(WireMessage message, Statement statement)
    {
        await DrainAsync();
        if (_failed)
        {
            return;
        }

        await AroundAsync(statement, async () =>
        {
            if (statement is Statement.Passed)
            {
                backend.Wire.Add(message);
                _expected.Enqueue('E');
                await DrainAsync();
            }
            else
            {
                client.Add(WireMessage.Complete(await ExecuteHereAsync(statement)));
            }
        });
    }

    private async Task AroundAsync(Statement statement, Func<Task> run)
    {
        server.Note(statement.Original);
        _running = new();
        using var token = CancellationTokenSource.CreateLinkedTokenSource(_running.Token, _stopping);
        if (Faults.Take(statement.Original, FaultKind.Pause)?.Pause is { } pause)
        {
            try
            {
                await pause.WaitAsync(token.Token);
            }
            catch (OperationCanceledException)
            {
                throw new RedshiftException("Query (0) cancelled on user's request", "57014");
            }
        }

        if (Faults.Take(statement.Original, FaultKind.Error)?.Error is { } error)
        {
            throw error;
        }

        if (Faults.Take(statement.Original, FaultKind.DropBefore) is not null)
        {
            throw new DroppedException();
        }

        await run();
        if (!_failed && statement is Statement.Passed { Afterwards: { } afterwards })
        {
            await RunAsync(afterwards);
        }

        if (!_failed && Faults.Take(statement.Original, FaultKind.DropAfter) is not null)
        {
            // What is no part of a transaction is done when PostgreSQL says so.
            backend.Wire.Add(WireMessage.Empty('S'));
            await backend.Wire.FlushAsync(_stopping);
            while ((await backend.NextAsync(_stopping)).Type != 'Z')
            {
                // not for the client any more
            }

            throw new DroppedException();
        }
    }

    private async Task<string> ExecuteHereAsync(Statement statement)
    {
        using var token = CancellationTokenSource.CreateLinkedTokenSource(_running.Token, _stopping);
        return statement switch
        {
            Statement.Copied copied => await new CopyCommand(this, copied.Copy).RunAsync(token.Token),
            Statement.Unloaded unloaded => await new UnloadCommand(this, unloaded.Unload).RunAsync(token.Token),
            _ => throw new InvalidOperationException($"{statement} runs in PostgreSQL."),
        };
    }

    // Hands PostgreSQL's answers to all that it was sent to the client.
    private async Task DrainAsync()
    {
        if (_expected.Count == 0)
        {
            return;
        }

        backend.Wire.Add(WireMessage.Empty('H'));
        await backend.Wire.FlushAsync(_stopping);
        while (_expected.TryDequeue(out var sent))
        {
            await RelayAsync(sent switch
            {
                'P' => '1',
                'B' => '2',
                'C' => '3',
                _ => sent, // Describe and Execute end in several ways
            });
            if (_failed)
            {
                _expected.Clear();
            }
        }
    }

    private async Task RelayAsync(char until)
    {
        while (true)
        {
            var message = await backend.NextAsync(_stopping);
            if (message.Type == 'Z')
            {
                return; // the client's comes from whoever asked
            }

            if (message.Type == 'E')
            {
                _failed = true;
                client.Add(AsRedshift(message));
                if (until != 'Z')
                {
                    return;
                }

                continue;
            }

            if (message.Type is not 'S' || Startup.ForClient(message) is not null)
            {
                await client.SendAsync(message, _stopping);
            }

            if (message.Type == until || (until == 'D' && message.Type is 'T' or 'n') || (until == 'E' && message.Type is 'C' or 'I' or 's'))
            {
                return;
            }
        }
    }

    // Writers that cannot be put in an order are told so in Redshift's way.
    private static WireMessage AsRedshift(WireMessage error) => error.Field('C') is "40001"
        ? WireMessage.Error(new("1023", detail: "Serializable isolation violation on table - 100167, transactions forming the cycle are: 1, 2 (pid:3)"))
        : error;

    private async Task TryAsync(Func<Task> work)
    {
        try
        {
            await work();
        }
        catch (RedshiftException e)
        {
            await DrainAsync();
            _failed = true;
            client.Add(WireMessage.Error(e));

            // PostgreSQL must take the transaction for failed, too.
            if (backend.Status != 'E')
            {
                try
                {
                    await RunAsync("redshift");
                }
                catch (RedshiftException)
                {
                    // meant to fail
                }
            }
        }
    }
}
