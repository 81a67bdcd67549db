using System.Collections.Concurrent;
using System.Collections.Immutable;

namespace Sluice.Actors;

/// <summary>News for whoever asked for their type. Safe to use from any thread.</summary>
public sealed class EventStream
{
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<Type, ActorRef[]> _receivers = new(); // by the exact type of the message
    private ImmutableList<(Type Type, ActorRef Actor)> _subscriptions = [];

    /// <summary>Tells the actor every published message that is a <typeparamref name="T"/>, once each, until it stops.</summary>
    public void Subscribe<T>(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        lock (_gate)
        {
            var subscription = (typeof(T), actor);
            if (_subscriptions.Contains(subscription))
                return;
            _subscriptions = _subscriptions.Add(subscription);
            _receivers.Clear();
        }

        if (actor.Cell is { } cell)
            cell.Subscribed = true;
    }

    public void Unsubscribe<T>(ActorRef actor)
    {
        ArgumentNullException.ThrowIfNull(actor);
        lock (_gate)
        {
            _subscriptions = _subscriptions.Remove((typeof(T), actor));
            _receivers.Clear();
        }
    }

    public void Publish(object message)
    {
        ArgumentNullException.ThrowIfNull(message);
        foreach (var receiver in Receivers(message.GetType()))
            receiver.Tell(message);
    }

    internal bool HasReceivers(Type type) => Receivers(type).Length > 0;

    internal void Forget(ActorRef actor)
    {
        lock (_gate)
        {
            _subscriptions = _subscriptions.RemoveAll(subscription => ReferenceEquals(subscription.Actor, actor));
            _receivers.Clear();
        }
    }

    private ActorRef[] Receivers(Type type)
    {
        if (_receivers.TryGetValue(type, out var known))
            return known;
        lock (_gate)
        {
            return _receivers[type] =
                [.. _subscriptions.Where(subscription => subscription.Type.IsAssignableFrom(type)).Select(subscription => subscription.Actor).Distinct()];
        }
    }
}
