# SPDX-License-Identifier: GPL-2.0-or-later WITH cryptsetup-OpenSSL-exception
# shellcheck shell=bash
# Completion of hopluu's commands: long options, states, centers and one's own job ids.
# bash-completion loads the file of a command's name, which sources this one.

_hopluu_jobs()
{
    timeout 2 fqueue --me -h -o %i 2>/dev/null
}

_hopluu_centers()
{
    timeout 2 finfo -h -o %V 2>/dev/null | sort -u
}

_hopluu()
{
    local command=${1##*/} word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local states='PENDING CONFIGURING RUNNING COMPLETING COMPLETED FAILED CANCELLED TIMEOUT NODE_FAIL OUT_OF_MEMORY'
    local words=

    # "--state=PEND" arrives as three words.
    if [[ $word == '=' ]]; then
        word=
    elif [[ $before == '=' ]]; then
        before=${COMP_WORDS[COMP_CWORD-2]}
    fi
    case $before in
    -t | --state | --states) [[ $command == fbatch ]] || words=$states ;;
    -s) [[ $command == facct ]] && words=$states ;;
    -M | --center) words=$(_hopluu_centers) ;;
    -j | --jobs) words=$(_hopluu_jobs) ;;
    --by) words='institution project center user' ;;
    --view) words='demand supply' ;;
    --format) [[ $command == freport ]] && words='table csv json xlsx pdf jsonl apel apel-summary xdmod ur2' ;;
    --lang) words='en vi' ;;
    --table) words='institutions usage projects months states centers exchange balance pairs waste fairness sponsors' ;;
    --open-mode) words='append truncate' ;;
    --effort) words='fast normal best' ;;
    --output) [[ $command == fmap ]] && words='map rankfile prrte hostfile' ;;
    --pattern) words='stencil2d: stencil3d: stencil4d: 5pt: 7pt: 9pt: 27pt: ring alltoall tree master none' ;;
    esac
    if [[ -z $words ]]; then
        if [[ $word == -* ]]; then
            words=$("$1" --help 2>/dev/null | grep -oE -- '--[A-Za-z][A-Za-z0-9-]+' | sort -u)
        else
            case $command in
            fcancel | fexplain | fprio | fqueue | fseff) words=$(_hopluu_jobs) ;;
            facctmgr)
                case $before in
                facctmgr) words='add modify delete show close erase dump load move print sign' ;;
                add | modify | delete) words='institution project grant rate' ;;
                show) words='institution project grant rate checkpoint' ;;
                move) words='allowance' ;;
                print) words='checkpoint proof journal key' ;;
                sign) words='checkpoint' ;;
                esac
                ;;
            freport) words='usage exchange waste fairness sponsors statement export bundle rollup annual' ;;
            fbundle) words='export import' ;;
            fmap) ((COMP_CWORD > 1)) || words='rank nodes score show learn' ;;
            fcontrol)
                case $before in
                show) words='job hostnames hostlist reservation' ;;
                create | delete) words=reservation ;;
                release | declare-lost | job) words=$(_hopluu_jobs) ;;
                fcontrol | scontrol) words='release update declare-lost drain resume show create delete ping' ;;
                *) [[ " ${COMP_WORDS[*]} " =~ ' '(release|declare-lost)' ' ]] && words=$(_hopluu_jobs) ;;
                esac
                ;;
            esac
        fi
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}

complete -F _hopluu fqueue fcancel finfo facct fbalance fexplain fprio fseff fshare freport fverify fbundle fcontrol \
    facctmgr
complete -o default -F _hopluu fbatch fmap
