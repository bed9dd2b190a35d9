"""Media: system prompts, their languages, and media without audio."""

from __future__ import annotations

from kazoo_sup.command import command
from kazoo_sup.kazoo import account_config, system_config, view_registrations, views
from kazoo_sup.kazoo.media import media_cleanup, media_settings, prompt_languages, prompts
from kazoo_sup.kazoo.numbers.places import Account
from kazoo_sup.outcome import NO_RETURN, Outcome, text, value, worked
from kazoo_sup.terms import OK, Atom
from kazoo_sup.zone import Zone


@command
def import_prompt(zone: Zone, path: str, lang: str | None = None) -> Outcome:
    """Import the audio file PATH as the prompt of that name, in the language LANG or the cluster's.

    A prompt that is there just so is left alone. Answers {error,…} (exit code 2) when it cannot be imported.
    """
    failed: list[prompts.Failed] = []
    told = list(prompts.imported(zone, [path], lang or prompt_languages.default_language(zone), failed))
    result = failed[0][1] if failed else OK
    return value(result) if zone.run.dry_run else text(told, result)


@command
def import_prompts(zone: Zone, dir_path: str, lang: str | None = None) -> Outcome:
    """Import every .wav and .mp3 file of DIR_PATH as a prompt, in the language LANG or the cluster's.

    What is there just so is left alone, so that the same run completes one that was cut off. Files that could not be
    imported are listed at the end, and the run ends partly done (exit code 5); Kazoo answers ok.
    """
    files = prompts.files_in(dir_path)
    language = lang or prompt_languages.default_language(zone)
    return worked(zone.run, prompts.imported_all(zone, dir_path, files, language))


@command
def set_account_language(zone: Zone, account: Account, language: str) -> Outcome:
    """Set the language of ACCOUNT's prompts to LANGUAGE."""
    before = prompt_languages.of(zone, account.id)
    account_config.set_value(zone, account.id, prompt_languages.CATEGORY, prompt_languages.KEY, language.lower())
    if zone.run.dry_run:
        return Outcome()
    return text(f"successfully updated account {account.id}'s language from '{before}' to '{language}'")


@command
def refresh(zone: Zone) -> Outcome:
    """Create the database of prompts if it is missing, and bring its views up to date."""
    views.ensure_database(zone, prompts.DATABASE)
    views.refresh(zone, prompts.DATABASE)
    return Outcome()


@command
def register_views(zone: Zone) -> Outcome:
    """Register the views of media from an installed Kazoo; without one there is nothing to be done."""
    return Outcome(counts=view_registrations.register(zone, "kazoo_media"))


@command
def migrate(zone: Zone) -> Outcome:
    """Move the settings of media that are kept in callflow and media_mgr to the category media.

    The values of passwords are not shown; Kazoo prints them.
    """
    return worked(zone.run, media_settings.migrate(zone), NO_RETURN)


@command
def migrate_prompts() -> Outcome:
    """Print that prompts are brought up to date; there is nothing left to be done, as in Kazoo."""
    return text("Now updating existing system_media docs to be internationalizable!", NO_RETURN)


@command
def remove_empty_media_docs(zone: Zone, account: Account | None = None) -> Outcome:
    """Delete prompts that have no audio, or media of ACCOUNT, which are kept in a file in /tmp before."""
    if account is None:
        return worked(zone.run, media_cleanup.remove_empty_prompts(zone), NO_RETURN)
    return worked(zone.run, media_cleanup.remove_empty_media(zone, account))


@command
def fix_media_names(zone: Zone) -> Outcome:
    """Give prompts whose ids stand URL-encoded their real ones.

    When there are none, that is noted in the category media, and its document answered (exit code 2, as in Kazoo).
    """
    if media_cleanup.rename_encoded(zone):
        return Outcome()
    document = system_config.set_value(zone, prompt_languages.CATEGORY, "fix_media_names", False, section=zone.node)
    return value((Atom("ok"), document), data=document)
